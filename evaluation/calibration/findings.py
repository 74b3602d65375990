"""All that a calibration finds, put together as `calibration.json` keeps it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.artifacts.records import sha256_file
from espalier.artifacts.registry import source
from espalier.command_line.console import progress, say
from espalier.errors import UserError
from espalier.text.ratings import missing
from evaluation.calibration import attacks
from evaluation.calibration.ablation import ablation, held_out
from evaluation.calibration.asking import Said
from evaluation.calibration.config import CalibrateConfig, command
from evaluation.calibration.facts import (
    RULE,
    Labels,
    bias,
    columns,
    dimension_facts,
    metric_facts,
    plain,
    tutor_order,
)
from evaluation.calibration.folds import Fold, by_problem, new_tutor
from evaluation.calibration.judging import Judging
from evaluation.calibration.preferences import pairs_within, preferences, worth_by_name
from evaluation.calibration.ranking import auc
from evaluation.calibration.values import metric_values, pedagogy_values, rule_metrics, teachers_score
from evaluation.controls.base import controls
from evaluation.judges.agreement import Resamples, correlation
from evaluation.judges.base import PREFERRED
from evaluation.judges.calibration import VERSION
from evaluation.judges.disguises import TOLD
from evaluation.judges.labels import Labelled, read_file, read_labels
from evaluation.scoring.pedagogy import statement


def read(config: CalibrateConfig) -> Labels:
    """The labelled replies with their folds. UserError where there are no label files, or too few problems."""
    if not config.labels:
        raise UserError(
            "name label files: --labels bea2025_dev.json mrbench_v2.json (the README says where to get them)"
        )
    replies = read_labels(config.labels)
    problems = sorted({each.problem for each in replies})
    if config.problems and config.problems < len(problems):
        chosen = set(random.Random(config.seed).sample(problems, config.problems))
        replies = [each for each in replies if each.problem in chosen]
        problems = sorted(chosen)
    if len(problems) < config.folds:
        raise UserError(f"{len(problems)} problems cannot be divided into {config.folds} folds; name more labels")
    tutors = {each.tutor for each in replies}
    say(f"{len(replies):,} labelled replies by {len(tutors)} tutors to {len(problems)} problems")
    return Labels(
        replies=replies,
        by_problem=by_problem(replies, config.folds, seed=config.seed),
        new_tutor=new_tutor(replies, config.folds, seed=config.seed),
        resamples=Resamples([each.problem for each in replies], count=config.resamples, seed=config.seed),
    )


def head(config: CalibrateConfig, name: str, identity: dict[str, Any], labels: Labels) -> dict[str, Any]:
    """What the figures rest on."""
    return {
        "version": VERSION,
        "judge": name,
        "identity": identity,
        "labels": [{"file": path.name, "sha256": sha256_file(path), **_counts(path)} for path in config.labels],
        "parents": dict(source(path, sha256_file(path)) for path in config.labels),
        "replies": len(labels.replies),
        "dialogues": len({each.dialogue for each in labels.replies}),
        "problems": len({each.problem for each in labels.replies}),
        "tutors": sorted({each.tutor for each in labels.replies}),
        "folds": config.folds,
        "seed": config.seed,
        "resamples": config.resamples,
        "command": command(config),
    }


def metrics_found(labels: Labels) -> dict[str, Any]:
    """Every rule metric against every dimension."""
    found: dict[str, Any] = {}
    asked = columns(labels)
    values = metric_values(labels.replies, rule_metrics())
    with progress(len(values), "metrics against teachers") as bar:
        for done, (name, numbers) in enumerate(values.items(), start=1):
            against = {dimension: metric_facts(column, numbers) for dimension, column in asked.items()}
            found[name] = {dimension: facts for dimension, facts in against.items() if facts}
            bar.update(done, {})
    return {name: facts for name, facts in found.items() if facts}


def judge_found(judging: Judging, labels: Labels) -> dict[str, Any]:
    """Every dimension of the judge, with the rule by which it is reliable for new models or not."""
    found = {name: dimension_facts(column, judging.real, judging.new_tutor) for name, column in columns(labels).items()}
    return {"rule": RULE, "dimensions": {name: facts for name, facts in found.items() if facts}}


def disguises_found(judging: Judging, arenas: Sequence[attacks.Arena]) -> dict[str, Any]:
    """How surely a teacher's turn that guides is told from telling in disguise, by the dimension that is to tell it."""
    found: dict[str, Any] = {}
    for arena in (each for each in arenas if each.name == attacks.MATHDIAL):
        for name, control in controls().items():
            if control.kind == TOLD:
                asked = (("taught", judging.of_arenas), ("kind_unseen", judging.of_unseen))
                facts = {key: _guiding_from(name, said.get(arena.name, {}), arena) for key, said in asked}
                if any(facts.values()):
                    found[name] = {"label": control.label} | {key: figure for key, figure in facts.items() if figure}
    return {"disguises": found}


def _guiding_from(name: str, said: dict[str, Any], arena: attacks.Arena) -> dict[str, float] | None:
    if name not in said:
        return None
    good, made = (said[each]["guiding"] for each in (attacks.GOOD, name))
    there = np.flatnonzero(np.isfinite(good) & np.isfinite(made))
    if not len(there):
        return None
    better = np.repeat([True, False], len(there))
    values, rows = np.concatenate([good[there], made[there]]), np.concatenate([there, there])
    return plain(auc(values, better, rows, arena.resamples)) | {"n": len(there)}


def arenas_of(labels: Labels, config: CalibrateConfig) -> list[attacks.Arena]:
    """The dialogues whose good replies the controls are held against."""
    return attacks.arenas(labels, [pair.expert for pair in held_out(config, labels.replies)], config)


def pedagogy_found(judging: Judging, labels: Labels, arenas: Sequence[attacks.Arena]) -> dict[str, Any]:
    """How the pedagogy score agrees with teachers, and what replies that were made to win get by it."""
    scores = pedagogy_values(judging.real.values, labels.replies)
    fresh = pedagogy_values(judging.new_tutor.values, labels.replies)
    if not np.isfinite(scores).any():
        return {"pedagogy": {**statement(), "missing": _missing(judging.real)}, "attacks": {}}
    teachers = np.array([teachers_score(each) for each in labels.replies], dtype=float)
    attacked = {}
    with progress(len(arenas), "replies made to win") as bar:
        for done, arena in enumerate(arenas, start=1):
            found = attacks.scores(judging.of_arenas[arena.name], arena)
            of_unseen = attacks.scores(judging.of_unseen.get(arena.name, {}), arena)
            attacked[arena.name] = attacks.facts(found, of_unseen, arena)
            bar.update(done, {})
    return {
        "pedagogy": {
            **statement(),
            "by_problem": _against(scores, teachers, labels, labels.by_problem),
            "new_tutor": _against(fresh, teachers, labels, labels.new_tutor),
            "tutors": tutor_order(fresh, teachers, labels.replies),
        },
        "attacks": attacked,
    }


def preferred_found(judging: Judging, labels: Labels, arenas: Sequence[attacks.Arena]) -> dict[str, Any]:
    """Of a judge that says how likely a reply is preferred: the same as of the pedagogy score, by that alone."""
    scores, fresh = (said.values[PREFERRED.name] for said in (judging.real, judging.new_tutor))
    if not np.isfinite(scores).any():
        return {}
    teachers = np.array([teachers_score(each) for each in labels.replies], dtype=float)
    attacked = {
        arena.name: attacks.facts(
            {name: values[PREFERRED.name] for name, values in judging.of_arenas[arena.name].items()}, {}, arena
        )
        for arena in arenas
    }
    return {
        "preferred": {
            "by_problem": _against(scores, teachers, labels, labels.by_problem),
            "new_tutor": _against(fresh, teachers, labels, labels.new_tutor),
            "attacks": attacked,
        }
    }


def ablation_found(judging: Judging, labels: Labels, config: CalibrateConfig) -> dict[str, Any]:
    """What the pedagogy score makes of an expert's and a novice's replies; nothing without files of Bridge."""
    if not config.bridge or _missing(judging.real):
        return {"ablation": {}}
    pairs = held_out(config, labels.replies)
    draws = Resamples([pair.novice.problem for pair in pairs], count=config.resamples, seed=config.seed)

    def teach(train: Sequence[Labelled]) -> Any:
        answer = judging.teach(train)
        return lambda asked: pedagogy_values(answer(asked).values, asked)

    say(f"expert over novice: {len(pairs)} pairs of Bridge about no labelled problem")
    found = ablation(teach, labels.replies, pairs, draws)
    facts = {name: plain(getattr(found, name)) for name in ("with_novice", "without_novice", "lost")}
    return {"ablation": {"pairs": len(pairs), **facts, "beside": found.beside}}


def _against(
    scores: NDArray[np.float64], teachers: NDArray[np.float64], labels: Labels, folds: Sequence[Fold]
) -> dict[str, Any]:
    """How far the score goes with the teachers', prefers what they do within a dialogue, and favours kinds of tutor."""
    rows = np.flatnonzero(np.isfinite(scores) & np.isfinite(teachers))
    if not len(rows):
        return {"n": 0}
    pairs = pairs_within([each.dialogue for each in labels.replies], teachers)
    names = worth_by_name(labels.replies, teachers, folds)
    return {
        "n": len(rows),
        "pearson": plain(correlation(scores[rows], teachers[rows], rows, labels.resamples)),
        "preferences": preferences(scores, names, labels.replies, pairs, pairs[:, 0], labels.resamples),
        "bias": bias(scores, teachers, labels.replies, labels.resamples),
    }


def _missing(said: Said) -> list[str]:
    return missing({name for name, values in said.values.items() if np.isfinite(values).any()})


def _counts(path: Path) -> dict[str, int]:
    replies = list(read_file(path))
    return {"dialogues": len({each.dialogue for each in replies}), "replies": len(replies)}
