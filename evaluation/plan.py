"""What will be asked of whom: a command line made into cases, backends, columns and contestants, and an identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from espalier.artifacts.records import sha256_file
from espalier.command_line.config import to_dict
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models.pool import Pool
from evaluation.backends.base import Backend
from evaluation.backends.controls import ControlReplies, standing_beside
from evaluation.backends.lessons import PlantedTutor
from evaluation.backends.opening import open_backend
from evaluation.cases.case import Case
from evaluation.cases.heldout import Mix, heldout_cases, open_mix
from evaluation.cases.suite import Suite, listed_cases, load_suite
from evaluation.cases.trained_on import made_from
from evaluation.cases.withheld import learner_of, upbringing, withheld_cases
from evaluation.comparison.figures import Contestant
from evaluation.config import EvaluateConfig, default_name, parse_pools
from evaluation.fluency.reader import check_reads, open_reader
from evaluation.judges.base import JUDGED, Judge
from evaluation.judges.opening import default_judges, open_judges
from evaluation.learner.opening import open_learner
from evaluation.metrics.base import Column
from evaluation.pin import Evaluator
from evaluation.play import Learner, Pupil
from evaluation.scoring.columns import known_columns
from evaluation.scoring.fluency import COLUMN as FLUENCY
from evaluation.scoring.own_metrics import load_metrics
from evaluation.scoring.pedagogy import PEDAGOGY
from evaluation.scoring.pedagogy import columns as pedagogy_columns


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked, and what scores the answers, whoever gives them."""

    suite: Suite
    """The suite, with the mix that the command line chose."""
    mix: Mix | None
    """Where the cases come from."""
    cases: list[Case]
    """The cases."""
    cases_hash: str
    """What they are known by."""
    controls: list[Backend]
    """Who stands beside the models: rules, then replies that were made to win."""
    judge: Judge | None
    """Who gives the judged columns: a judge, or a panel of several."""
    reader: Backend | None
    """The language model that tells what is language, if one does instead of the counts that ship."""
    evaluator: Evaluator
    """All of it that decides a score, and the code, in one hash."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One evaluation before anything is asked."""

    name: str
    """Name of the scores."""
    suite: Suite
    """The suite, with the mix that the command line chose."""
    columns: list[Column]
    """What its replies are measured by: its own metrics, and what the pedagogy score is made of."""
    missing: list[str]
    """Columns that the suite asks for and no judge at work gives."""
    judge: Judge | None
    """Who gives the judged columns: a judge, or a panel of several."""
    reader: Backend | None
    """The language model that tells what is language, if one does instead of the counts that ship."""
    learner: Learner | None
    """Who plays simulated learners, if any case has one."""
    mix: Mix | None
    """Where the cases come from."""
    cases: list[Case]
    """The cases."""
    backends: list[Backend]
    """Who answers them: the models, then what stands beside them."""
    contestants: list[Contestant]
    """Who has a row in the report: the backends and the pools."""
    baseline: str
    """Name of the contestant the others are compared with."""
    identity: dict[str, Any]
    """All of it that decides the scores, as plain data."""
    parents: dict[str, str]
    """What the scores are made from, with content hashes."""
    evaluator: Evaluator
    """What scores, whoever is scored."""

    def asked(self, backend: Backend) -> list[Case]:
        """The cases as a backend is asked them: of dialogues a control answers the first turn alone."""
        if not isinstance(backend, ControlReplies):
            return self.cases
        return [replace(case, script=(), simulation=None) for case in self.cases]

    @property
    def dimensions(self) -> list[str]:
        """The columns that the judge gives."""
        given = self.judge.dimensions if self.judge else ()
        return [column.name for column in self.columns if column.name in JUDGED and column.name in given]


class _AnyName(dict[str, Column]):
    """Stands for columns of one's own while the file that defines them is not run yet."""

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        return True


def read_questions(config: EvaluateConfig) -> Questions:
    """UserError for an unknown suite, judge or rule, a missing mix, or no cases. Asks nobody, and runs no file."""
    suite = _choose_suite(config, _AnyName() if config.metrics else known_columns())
    mix, cases = _cases(config, suite)
    cases_hash = _hash([asdict(case) for case in cases])
    controls = [
        open_backend(each, config, suite=suite, mix=mix, cases=cases, cases_hash=cases_hash, pool=Pool())
        for each in standing_beside(config, suite, cases)
    ]
    chosen = config.judges if config.judges is not None else default_judges()
    if config.judges and not _judged(suite):
        raise UserError(
            f"--judges {' '.join(config.judges)}: suite {suite.name} asks for nothing that a judge gives, and "
            "would ask it nothing; name another, such as --suite pedagogical"
        )
    judge = open_judges(chosen, config) if _judged(suite) else None
    if config.fluency is not None and FLUENCY not in column_names(suite):
        raise UserError(
            f"--fluency {config.fluency}: decides the column {FLUENCY}, and suite {suite.name} has neither that nor "
            f"the {PEDAGOGY.label}"
        )
    reader = open_reader(config, suite)
    evaluator = Evaluator(
        config=config,
        suite=suite,
        cases=cases_hash,
        mix=mix.content_hash if mix else None,
        judges=dict(zip(chosen, judge.names, strict=True)) if judge else {},
        controls=controls,
        reader=reader,
    )
    return Questions(
        suite=suite,
        mix=mix,
        cases=cases,
        cases_hash=cases_hash,
        controls=controls,
        judge=judge,
        reader=reader,
        evaluator=evaluator,
    )


def make_plan(config: EvaluateConfig, questions: Questions) -> Plan:
    """UserError for an unknown model, metric or pool. Loads no weights."""
    own = load_metrics(config.metrics)
    if own:
        named = load_suite(config.suite, known_columns(own)).metrics  # now that it can be told what is no metric
        unnamed = ", ".join(sorted(own.keys() - set(named)))
        if unnamed:
            say(f"note: {unnamed} of --metrics: the suite does not name it, so it is not shown; add it to its metrics")
    suite, mix, cases, judge = questions.suite, questions.mix, questions.cases, questions.judge
    pool = Pool()
    backends = [
        open_backend(reference, config, suite=suite, mix=mix, cases=cases, cases_hash=questions.cases_hash, pool=pool)
        for reference in config.models
    ]
    backends += [rule for rule in questions.controls if rule.name not in config.models]
    names = [backend.name for backend in backends]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UserError(f"two models are called {twice}: name each once, or rename a folder")
    silent = [backend.name for backend in backends if not backend.supports_texts]
    if silent and any(case.texts for case in cases):
        raise UserError(f"suite {suite.name} asks how likely texts are: {silent[0]} cannot say, a local model can")
    known = known_columns(own)
    judges = list(questions.evaluator.judges)
    reader = questions.reader
    if reader is not None:
        check_reads(reader, cases)
    learner = open_learner(config, suite.withheld) if any(case.simulation for case in cases) else None
    asked = [*judges, config.learner] if learner and config.learner != "rules" else judges
    models = {backend.name: backend.identity for backend in backends}
    contestants = _contestants(config, backends)
    baseline = _baseline(config, contestants, backends)
    return Plan(
        name=config.name or default_name(suite.name, names[: len(config.models)], config.limit),
        suite=suite,
        columns=[known[name] for name in column_names(suite)],
        missing=[name for name in _judged(suite) if judge is None or name not in judge.dimensions],
        judge=judge,
        reader=reader,
        learner=learner,
        mix=mix,
        cases=cases,
        backends=backends,
        contestants=contestants,
        baseline=baseline,
        identity={
            "suite": to_dict(suite),
            "cases": {"number": len(cases), "content_hash": questions.cases_hash},
            "mix": {"name": mix.name, "content_hash": mix.content_hash} if mix else None,
            "models": models,
            "metrics": {path.name: sha256_file(path) for path in config.metrics},
            "judge": judge.identity if judge else None,
            "learner": learner.identity if isinstance(learner, Pupil) else config.learner if learner else None,
            "pools": {each.name: list(each.members) for each in contestants if len(each.members) > 1},
            "baseline": baseline,
            "device": config.device,
            "dtype": config.dtype,
            "seed": config.seed,
            **({"fluency": reader.identity} if reader else {}),
        },
        parents=made_from([*models.values(), *([reader.identity] if reader else [])], mix, asked),
        evaluator=questions.evaluator,
    )


def _cases(config: EvaluateConfig, suite: Suite) -> tuple[Mix | None, list[Case]]:
    """The cases, and the mix that they come from, if they come from one."""
    if suite.withheld:
        mix, pasts = upbringing(learner_of(config.learner))
        return mix, withheld_cases(suite.withheld, pasts)[: config.limit]
    if suite.heldout:
        mix = open_mix(suite.heldout.mix)
        return mix, heldout_cases(suite.heldout, mix, limit=config.limit)[: config.limit]
    return None, listed_cases(suite)[: config.limit]


def _choose_suite(config: EvaluateConfig, columns: Mapping[str, Column]) -> Suite:
    suite = load_suite(config.suite, columns)
    if config.mix is None:
        return suite
    if suite.heldout is None:
        raise UserError(f"--mix {config.mix}: suite {suite.name} lists its cases and takes none from a mix")
    return suite.model_copy(update={"heldout": suite.heldout.model_copy(update={"mix": config.mix})})


def column_names(suite: Suite) -> list[str]:
    """What the suite names, and after it what its pedagogy score is made of."""
    names = list(suite.metrics)
    if PEDAGOGY.name in names:
        names += [name for name in pedagogy_columns() if name not in names]
    return names


def _judged(suite: Suite) -> list[str]:
    return [name for name in column_names(suite) if name in JUDGED]


def _contestants(config: EvaluateConfig, backends: Sequence[Backend]) -> list[Contestant]:
    names = [backend.name for backend in backends]
    pools = parse_pools(config.pool, names)
    some_model = any(backend.is_model for backend in backends)
    single = [_contestant(backend, some_model and not backend.is_model, config.models) for backend in backends]
    pooled = [Contestant(name=name, members=members) for name, members in pools.items()]
    models = [each for each in single if not each.control]
    return [*models, *pooled, *(each for each in single if each.control)]


def _contestant(backend: Backend, beside: bool, models: Sequence[str]) -> Contestant:
    """Rules stand beside models; where there are none, they are compared themselves. So is a control that is named."""
    name = backend.name
    if isinstance(backend, PlantedTutor) and backend.label:
        return Contestant(name=name, members=(name,), control=beside, kind="lessons", label=backend.label)
    if not isinstance(backend, ControlReplies) or (name in models and not beside):
        return Contestant(name=name, members=(name,), control=beside)
    family = backend.control
    facts: dict[str, Any] = {"kind": family.kind, "label": family.label, "adds": family.adds}
    return Contestant(name=name, members=(name,), control=True, **facts)


def _baseline(config: EvaluateConfig, contestants: Sequence[Contestant], backends: Sequence[Backend]) -> str:
    if config.baseline is None:
        return backends[0].name
    names = {reference: backend.name for reference, backend in zip(config.models, backends, strict=False)}
    chosen = names.get(config.baseline, config.baseline)
    known = [each.name for each in contestants]
    if chosen not in known:
        raise UserError(f"--baseline {config.baseline} is not among those compared ({', '.join(known)})")
    return chosen


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
