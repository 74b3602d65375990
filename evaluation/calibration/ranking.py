"""How surely a value tells replies with the best verdict from those with the least, beside what would do it by a mark.

The area under the ROC curve: how often the better of two such replies has the greater value, ties counted half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration.baselines import out_of_fold_values, surface_worth
from evaluation.calibration.folds import Fold
from evaluation.comparison.stats import Estimate
from evaluation.judges.agreement import Resamples
from evaluation.judges.base import Dimension
from evaluation.judges.labels import Labelled
from evaluation.metrics.words import words

Values = NDArray[np.float64]
_ENOUGH = 20
"""Replies with a verdict that it takes."""
_PORTION = 200
"""Resamples at a time."""


def auc(values: Values, better: NDArray[np.bool_], rows: NDArray[np.int64], resamples: Resamples) -> Estimate:
    """Of the replies numbered `rows`: a value each, and whether it is one of the better; both of shape (rows,)."""
    order = np.argsort(values, kind="stable")
    cluster, above = resamples.cluster[rows][order], better[order].astype(float)
    _, ties = np.unique(values[order], return_inverse=True)
    ends = np.searchsorted(ties, np.arange(ties[-1] + 1), "right") - 1
    figures = []
    for start in range(0, len(resamples.weights), _PORTION):
        weights = resamples.weights[start : start + _PORTION][:, cluster]
        worse = np.cumsum(weights * (1 - above), axis=1)
        upto = worse[:, ends]
        below = np.concatenate([np.zeros((len(upto), 1)), upto[:, :-1]], axis=1)
        won = (weights * above * ((below + upto) / 2)[:, ties]).sum(axis=1)
        pairs = (weights * above).sum(axis=1) * worse[:, -1]
        figures.append(np.where(pairs > 0, won / np.maximum(pairs, 1e-12), np.nan))
    return resamples.estimate(np.concatenate(figures), rows)


def told_apart(
    dimension: Dimension,
    truth: NDArray[np.int64],
    said: dict[str, Values],
    replies: Sequence[Labelled],
    folds: Sequence[Fold],
    resamples: Resamples,
) -> dict[str, Any]:
    """By name what each of the values `said` reaches, the last of them also among replies that all or none ask; and
    what a question mark, the length and the surface reach. Empty where too few replies have one of two verdicts.

    `truth` holds each reply's verdict as a place, -1 where there is none; the surface is learnt on `folds`.
    """
    given = np.bincount(truth[truth >= 0], minlength=len(dimension.values))
    enough = np.flatnonzero(given >= _ENOUGH)
    if len(enough) < 2:
        return {}
    least, best = enough[0], enough[-1]
    worth = np.array(list(dimension.values.values()))
    asks = np.array(["?" in each.reply for each in replies])
    baselines = {
        "question_mark": asks.astype(float),
        "length": np.array([float(len(words(each.reply))) for each in replies]),
        "surface": out_of_fold_values(surface_worth(worth), replies, truth, folds),
    }

    def reached(values: Values, among: NDArray[np.bool_]) -> dict[str, Any] | None:
        rows = np.flatnonzero(np.isin(truth, (least, best)) & np.isfinite(values) & among)
        better = truth[rows] == best
        if min(better.sum(), (~better).sum()) < _ENOUGH:
            return None
        found = auc(values[rows], better, rows, resamples)
        return {"value": found.value, "low": found.low, "high": found.high, "n": len(rows)}

    everyone, last = np.ones(len(replies), dtype=bool), list(said.values())[-1]
    names = list(dimension.values)
    return {
        "best": names[best],
        "least": names[least],
        **{name: reached(values, everyone) for name, values in (said | baselines).items()},
        "both_ask": reached(last, asks),
        "neither_asks": reached(last, ~asks),
    }
