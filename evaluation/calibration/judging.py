"""The judge under calibration asked all that is wanted of it: real replies and made ones, taught and untaught."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_manifest
from espalier.command_line.console import progress, say
from espalier.errors import UserError
from evaluation.cache import Cache
from evaluation.calibration.ablation import held_out
from evaluation.calibration.asking import Said, Teach, classifier, classifier_code, out_of_fold
from evaluation.calibration.at_once import at_once, questions
from evaluation.calibration.attacks import GOOD, MATHDIAL, Arena
from evaluation.calibration.config import CalibrateConfig
from evaluation.calibration.facts import Labels
from evaluation.calibration.folds import Fold
from evaluation.calibration.lineage import taught, without
from evaluation.controls.base import controls
from evaluation.judges.disguises import TOLD
from evaluation.judges.distractors import MOVED, PRAISE
from evaluation.judges.labels import Labelled

if TYPE_CHECKING:
    from evaluation.judges.base import Judge
    from evaluation.judges.reward import RewardJudge

REAL = "real"
Values = NDArray[np.float64]
Variants = Mapping[str, Sequence[Labelled | None]]


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What a judge says of the labelled replies, and of those that were made to win."""

    name: str
    """How reports call it."""
    identity: dict[str, Any]
    """What it is, as plain data."""
    real: Said
    """Of the labelled replies, by a judge that saw no reply to the problem."""
    new_tutor: Said
    """The same by one that saw no reply of the tutor either."""
    teach: Teach
    """Teaches such a judge; one that does not learn stays as it is."""
    of_arenas: dict[str, dict[str, dict[str, Values]]]
    """By arena, family and dimension: the value of each dialogue's reply, by a judge that saw none to its problem."""
    of_unseen: dict[str, dict[str, dict[str, Values]]]
    """The same by judges that were taught nothing of the family's kind; only of kinds that judges are taught."""
    taught_by: dict[str, Any] = field(default_factory=dict)
    """Of a reward model what it had learned from before, and how many replies are left out for that."""


def ask(config: CalibrateConfig, labels: Labels, arenas: Sequence[Arena]) -> Judging:
    """What the judge that `config` names says. UserError where there is none of the name."""
    with Cache() as cache:
        if ":" in config.judge:
            return _ask_endpoint(config, labels, arenas, cache)
        return _ask_trained(config, labels, arenas, cache)


def _ask_trained(config: CalibrateConfig, labels: Labels, arenas: Sequence[Arena], cache: Cache) -> Judging:
    """A trained judge is not asked itself, for it knows the labels: others are taught as it was, fold by fold."""
    folder = artifact("judges", config.judge)
    manifest = read_manifest(folder)
    if manifest is None:
        raise UserError(
            f"no trained judge {config.judge} ({folder}). Train it first: "
            f"python evaluation/judges/train.py --labels {' '.join(str(path) for path in config.labels)}"
        )
    settings = {"seed": manifest.get("seed", 0), "embedding": manifest.get("embedding")}
    # Telling in disguise is taught to one dimension alone, whose guiding turns are in one arena.
    kinds = [
        (arena, kind)
        for arena, kind in product(arenas, (MOVED, PRAISE, TOLD))
        if kind != TOLD or arena.name == MATHDIAL
    ]
    total = len(labels.by_problem) + len(labels.new_tutor) + sum(len(each.folds) for each in arenas)
    total += sum(len(arena.folds) for arena, _ in kinds)
    with progress(total, f"judges taught like {config.judge}") as bar:
        done = 0

        def said(among: Sequence[Labelled], folds: Sequence[Fold], variants: Variants, without: str) -> dict[str, Said]:
            nonlocal done
            before, done = done, done + len(folds)
            return out_of_fold(
                classifier(**settings, without=without), among, variants, folds, cache=cache,
                identity={"code": classifier_code(), "without": without, **settings},
                on_fold=lambda number: bar.update(before + number, {}),
            )  # fmt: skip

        real, new_tutor = (
            said(labels.replies, folds, {REAL: labels.replies}, "")[REAL]
            for folds in (labels.by_problem, labels.new_tutor)
        )
        of_arenas = {each.name: _of(each, said, "") for each in arenas}
        of_unseen: dict[str, dict[str, dict[str, Values]]] = {each.name: {} for each in arenas}
        for arena, kind in kinds:
            of_unseen[arena.name] |= _of(arena, said, kind)
    return Judging(
        name=config.judge,
        identity={"code": classifier_code(), **settings}
        | {"content_hash": manifest["content_hash"], "labels": manifest.get("labels", [])},
        real=real,
        # A dimension that only other tutors are labelled by was learnt from none of this reply's tutor before.
        new_tutor=new_tutor.where_nothing(real),
        teach=classifier(**settings),
        of_arenas=of_arenas,
        of_unseen=of_unseen,
    )


def _of(arena: Arena, said: Callable[..., dict[str, Said]], kind: str) -> dict[str, dict[str, Values]]:
    """By family what judges say, fold by fold: of all, or of one kind's by judges that were taught none of it."""
    known = controls()
    families: dict[str, Sequence[Labelled | None]] = {GOOD: arena.good}
    families |= {name: replies for name, replies in arena.made.items() if kind in ("", known[name].kind)}
    answers = said(arena.among, arena.folds, {name: arena.placed(replies) for name, replies in families.items()}, kind)
    return {
        name: {dimension: values[arena.places] for dimension, values in answers[name].values.items()}
        for name in families
    }


def _ask_endpoint(config: CalibrateConfig, labels: Labels, arenas: Sequence[Arena], cache: Cache) -> Judging:
    """It has learnt nothing from these labels, so it is asked as it is, and every tutor and family is new to it.

    A reward model may have: what it says of problems and tutors that it was taught by is left out, and counted.
    """
    from evaluation.config import EvaluateConfig
    from evaluation.judges.opening import open_judges
    from evaluation.judges.reward import RewardJudge

    judge: Judge | None = open_judges([config.judge], EvaluateConfig(workers=config.workers, endpoint=config.endpoint))
    assert judge is not None
    variants: dict[str, Sequence[Labelled | None]] = {REAL: labels.replies}
    for arena in arenas:
        variants |= {f"{arena.name}/{name}": replies for name, replies in {GOOD: arena.good, **arena.made}.items()}
    pairs = held_out(config, labels.replies)
    variants["bridge"] = [reply for pair in pairs for reply in (pair.expert, pair.novice)]  # what the ablation asks
    total, known = questions(judge, variants, cache=cache)
    say(_announced(judge.name, total, known, arenas))
    with progress(total, judge.name, done=known) as bar:
        said = at_once(judge, variants, cache=cache, on_verdict=lambda done: bar.update(done, {}))
        unanswered = total - questions(judge, variants, cache=cache)[1]
        if unanswered:  # where a budget ended the last of them, this is where it is heard of
            say(f"note: {unanswered:,} questions had no answer that could be read; they are asked once more")
            said = at_once(judge, variants, cache=cache, on_verdict=lambda done: bar.update(done, {}))

    def teach(train: Sequence[Labelled]) -> Any:
        def answer(asked: Sequence[Labelled]) -> Said:
            with Cache() as known:
                return at_once(judge, {REAL: asked}, cache=known)[REAL]

        return answer

    if isinstance(judge, RewardJudge):
        return _as_it_was_taught(judge, labels, arenas, said, teach)
    return Judging(
        name=judge.name,
        identity=judge.identity,
        real=said[REAL],
        new_tutor=said[REAL],
        teach=teach,
        of_arenas={
            arena.name: {name: said[f"{arena.name}/{name}"].values for name in (GOOD, *arena.made)} for arena in arenas
        },
        of_unseen={},
    )


def _as_it_was_taught(
    judge: RewardJudge, labels: Labels, arenas: Sequence[Arena], said: Mapping[str, Said], teach: Teach
) -> Judging:
    """What a reward model says, without what it was taught by. UserError where nothing else is left."""
    before = taught(judge.reward.reference)
    facts = before.facts(labels.replies)
    say(
        f"{judge.name} learned from {facts['preferences']:,} preferences of {', '.join(facts['mixes']) or 'no mix'}: "
        f"{facts['left_out']:,} labelled replies are to problems among them and are left out, {facts['asked']:,} stay, "
        f"{facts['asked_of_new_tutors']:,} of them by tutors that it did not learn from"
    )
    if not facts["asked"]:
        raise UserError(
            f"--judge run:{judge.reward.reference.name}: it was taught by every problem of these labels, so they show "
            "nothing of it; name labels of others, or train it on a mix that holds problems out"
        )
    real = without(said[REAL], before.problems_seen(labels.replies))
    hidden = {arena.name: before.problems_seen(arena.good) for arena in arenas}
    return Judging(
        name=judge.name,
        identity=judge.identity,
        real=real,
        new_tutor=without(real, before.tutors_seen(labels.replies)),
        teach=teach,
        of_arenas={
            arena.name: {
                name: without(said[f"{arena.name}/{name}"], hidden[arena.name]).values for name in (GOOD, *arena.made)
            }
            for arena in arenas
        },
        of_unseen={},
        taught_by=facts,
    )


def _announced(name: str, total: int, known: int, arenas: Sequence[Arena]) -> str:
    """How many questions come, before the first is asked."""
    made = max((len(arena.made) for arena in arenas), default=0)
    text = f"{name} is asked {total - known:,} questions, one for each reply"
    text += f", {made} families of made ones among them" if made else ""
    text += f" ({known:,} more were answered before)" if known else ""
    return f"{text}. --problems and --controls ask fewer; Ctrl+C keeps what was answered" if total > known else text
