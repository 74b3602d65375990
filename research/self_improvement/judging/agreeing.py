"""How far each judge agrees with what the others have in common, where nothing is known to be true.

Points change their sign with which of two is named first, so their mean is 0 and the correlation of two judges is a
cosine. If judges err by themselves, the correlation of two is the product of how each correlates with what they all are
after: one common factor (Spearman 1904), fitted to all that lies beside the diagonal. A judge that goes by something
else alone has none of it, be it ever so constant. Seats of one model share its errors, so what they have in common does
not count, where there are three models or more.

What it cannot tell: a majority of models that share a folly looks like the truth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.stats import Estimate
from evaluation.judges.agreement import Resamples
from research.self_improvement.judging.comparing import model_of

Floats = NDArray[np.float64]
_ROUNDS = 60


def loadings(points: Floats, judges: Sequence[str], resamples: Resamples) -> list[Estimate]:
    """Of each judge how it correlates with the common factor, of its points (pairs, judges), NaN where it abstains.

    Percentile bootstrap over challenges, which are the clusters of `resamples`. With two judges both are the root of
    their correlation, as nothing tells which one is right. ValueError for fewer.
    """
    size = len(judges)
    if size < 2:
        raise ValueError("one judge has nobody to agree with")
    told = np.isfinite(points)
    filled = np.where(told, points, 0.0)
    rows = np.arange(len(points))
    crossed = resamples.totals(rows, _outer(filled, filled)).reshape(-1, size, size)
    # Of each two: the squares of the first, over the pairs of which both told.
    squares = resamples.totals(rows, _outer(filled**2, told.astype(float))).reshape(-1, size, size)
    spread = np.sqrt(squares * np.swapaxes(squares, 1, 2))
    correlations = np.where(spread > 0, crossed / np.where(spread > 0, spread, 1.0), 0.0)
    found = _factor(correlations, _apart(judges))
    return [
        resamples.estimate(found[:, place], np.flatnonzero(told[:, place]) if told[:, place].any() else rows)
        for place in range(size)
    ]


def _outer(one: Floats, other: Floats) -> Floats:
    found: Floats = np.einsum("ri,rj->rij", one, other).reshape(len(one), -1)
    return found


def _apart(judges: Sequence[str]) -> Floats:
    """1 for each two that may be held against each other, (judges, judges)."""
    models = np.array([model_of(judge) for judge in judges])
    if len(set(models)) < 3:
        return 1.0 - np.eye(len(judges))
    return np.asarray(models[:, None] != models[None, :], float)


def _factor(correlations: Floats, apart: Floats) -> Floats:
    """The loadings of each matrix (n, judges, judges), by alternating least squares."""
    masked = correlations * apart
    # Begun from the row sums, so that whoever agrees with many leads, not a pair that is of one mind.
    found = np.clip(masked.sum(axis=2) / np.maximum(apart.sum(axis=1), 1), 0.05, 1)
    for _ in range(_ROUNDS):
        above = np.einsum("nij,nj->ni", masked, found)
        below = (found**2) @ apart
        found = (found + np.clip(above / np.maximum(below, 1e-9), -1, 1)) / 2
    turned: Floats = np.where(found.sum(axis=1, keepdims=True) < 0, -found, found)
    return turned
