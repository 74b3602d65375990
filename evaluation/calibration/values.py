"""What rule metrics and the pedagogy score say of labelled replies, and verdicts made of a metric's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from espalier.text.ratings import WEIGHTS, missing, weighted
from evaluation.calibration.folds import Fold
from evaluation.cases.case import Case, Reply
from evaluation.judges.base import DIMENSIONS
from evaluation.judges.labels import Labelled
from evaluation.metrics import METRICS
from evaluation.metrics.base import Metric
from evaluation.scoring.pedagogy import columns, pedagogy_score
from evaluation.scoring.sameness import COLUMNS, sameness

_MIN_LEAF = 20
"""A threshold must set so many training replies apart."""


def metric_values(labelled: Sequence[Labelled], names: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """By name: the metric's value on each reply; not a number where it does not apply."""
    metrics = {name: METRICS[name] for name in names}
    cases = [Case(name=each.dialogue, messages=each.messages, answer=each.answer) for each in labelled]
    replies = [Reply(text=each.reply, num_tokens=0, finish="stop") for each in labelled]
    return {
        name: np.array([metric(case, reply).value for case, reply in zip(cases, replies, strict=True)], dtype=float)
        for name, metric in metrics.items()
        if isinstance(metric, Metric)
    }


def rule_metrics() -> list[str]:
    """The metrics of one reply, by name."""
    return [name for name, metric in METRICS.items() if isinstance(metric, Metric)]


def pedagogy_values(verdicts: Mapping[str, NDArray[np.float64]], labelled: Sequence[Labelled]) -> NDArray[np.float64]:
    """The pedagogy score of each reply, by these values of its verdicts; not a number where one is missing.

    What a tutor says to everyone is told from its replies here.
    """
    rules = metric_values(labelled, [name for name in columns() if name in METRICS])
    rules |= _sameness(labelled)
    found = {
        name: verdicts[name] if name in DIMENSIONS else rules[name]
        for name in columns()
        if name in rules or name in verdicts
    }
    scores = [
        pedagogy_score(
            {name: float(values[place]) for name, values in found.items() if np.isfinite(values[place])}
        ).value
        for place in range(len(labelled))
    ]
    return np.array(scores, dtype=float)


def _sameness(labelled: Sequence[Labelled]) -> dict[str, NDArray[np.float64]]:
    found = {column.name: np.full(len(labelled), np.nan) for column in COLUMNS}
    for tutor in {each.tutor for each in labelled}:
        places = [place for place, each in enumerate(labelled) if each.tutor == tutor]
        scores = sameness([labelled[place] for place in places], [labelled[place].problem for place in places])
        for place, by_column in zip(places, scores, strict=True):
            for name, score in by_column.items():
                found[name][place] = score.value
    return found


def teachers_score(each: Labelled) -> float | None:
    """What the teachers' verdicts come to by the score's weights; None where they gave not all of them."""
    if missing(each.labels):
        return None
    return weighted({name: DIMENSIONS[name].values[each.labels[name]] for name in WEIGHTS if name in each.labels})


def by_thresholds(
    values: NDArray[np.float64], truth: NDArray[np.int64], folds: Sequence[Fold], size: int
) -> NDArray[np.int64]:
    """Verdicts made of a number: ranges of it that training replies set apart, each with its verdict.

    A small decision tree, verdicts weighed alike. -1 where there is no number, no label, or too little to learn from.
    """
    from sklearn.tree import DecisionTreeClassifier

    decided = np.full(len(values), -1)
    known = np.isfinite(values) & (truth >= 0)
    for fold in folds:
        train, test = fold.train[known[fold.train]], fold.test[known[fold.test]]
        if len(test) and len(train) >= 2 * _MIN_LEAF:
            tree = DecisionTreeClassifier(
                max_leaf_nodes=2 * size, min_samples_leaf=_MIN_LEAF, class_weight="balanced", random_state=0
            )
            decided[test] = tree.fit(values[train, None], truth[train]).predict(values[test, None])
    return decided
