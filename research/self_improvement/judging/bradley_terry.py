"""Strengths from pairwise results with ties, and how sure one can be of them.

After Bradley & Terry (1952) with Davidson's ties (1970): with d the gap of two strengths, a win, a tie and a loss are
as likely as e^(d/2) : ν : e^(-d/2). A weak prior (strengths normal around 0) keeps who never lost from infinity, and
makes the fit strictly concave, so that Newton's method finds the one maximum.

Intervals take the larger of two variances: of the model (the inverse Hessian), and of what results of one cluster have
in common (Liang & Zeger 1986), since judges err alike on the same pair. Clusters are few where performances are, and
their variance alone is then too small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.stats import Estimate

Floats = NDArray[np.float64]
PRIOR = 2.0
"""Standard deviation of strengths before anything is known: the better of two such wins in four of five."""
_TIES = 1.5
"""Standard deviation of log ν."""
_Z = 1.959964
_STEPS = 100
_DONE = 1e-10


class Result(NamedTuple):
    """What is known of one meeting."""

    one: int
    other: int
    win: float
    """How far `one` won: 1 for a win; a part where the result is a mean, or counts for less."""
    tie: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class Strengths:
    """Who is how strong, by log-odds, around 0."""

    values: Floats
    """(n,)"""
    log_tie: float
    """log ν: at 0, two equals tie in a third of their meetings."""
    variances: tuple[Floats, Floats]
    """(n, n) each: the model's, and that between clusters."""
    num_results: int
    num_clusters: int

    def order(self) -> list[int]:
        """Places, the strongest first; equals in their order."""
        return [int(place) for place in np.argsort(-self.values, kind="stable")]

    def strength(self, place: int) -> Estimate:
        """How far one is above the mean of all."""
        contrast = np.full(len(self.values), -1 / len(self.values))
        contrast[place] += 1
        return self._estimate(contrast)

    def gap(self, better: int, worse: int) -> Estimate:
        """How far one is above another."""
        contrast = np.zeros(len(self.values))
        contrast[better] += 1
        contrast[worse] -= 1
        return self._estimate(contrast)

    def surely(self) -> list[tuple[int, int]]:
        """Every (better, worse) of which the whole interval says so, the widest gap first."""
        order = self.order()
        found = [(self.gap(i, j), i, j) for place, i in enumerate(order) for j in order[place + 1 :]]
        sure = sorted((each for each in found if each[0].low > 0), key=lambda each: -each[0].value)
        return [(i, j) for _, i, j in sure]

    def _estimate(self, contrast: Floats) -> Estimate:
        value = float(contrast @ self.values)
        spread = _Z * math.sqrt(max(0.0, *(float(contrast @ each @ contrast) for each in self.variances)))
        return Estimate(
            value=value,
            low=value - spread,
            high=value + spread,
            num_cases=self.num_results,
            num_clusters=self.num_clusters,
        )


def fit(size: int, results: Sequence[Result], clusters: Sequence[int] | None = None) -> Strengths:
    """Strengths of `size` from results; without `clusters`, two who meet several times are one cluster.

    Without results all are 0, as far as the prior knows. ValueError for one who meets itself or for less than nothing.
    """
    data = np.array(results, float).reshape(-1, 5)
    one, other, counts = data[:, 0].astype(int), data[:, 1].astype(int), data[:, 2:]
    if (one == other).any() or (counts < 0).any() or not np.isfinite(counts).all():
        raise ValueError("a result is of two, and its parts are not below 0")
    groups = np.minimum(one, other) * size + np.maximum(one, other) if clusters is None else np.asarray(clusters, int)
    features = np.zeros((len(data), size + 1))
    features[np.arange(len(data)), one] = 0.5
    features[np.arange(len(data)), other] = -0.5
    prior = np.append(np.full(size, PRIOR**-2), _TIES**-2)
    found = np.zeros(size + 1)
    for _ in range(_STEPS):
        scores, hessian = _derivatives(features, counts, found)
        gradient = scores.sum(axis=0) - prior * found
        step = np.linalg.solve(hessian + np.diag(prior), gradient)
        # Half a unit at most: where the curve is flat, a whole step of Newton's overshoots.
        found = found + step * min(1.0, 0.5 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < _DONE:
            break
    scores, hessian = _derivatives(features, counts, found)
    inverse: Floats = np.linalg.inv(hessian + np.diag(prior)).astype(np.float64)
    _, places = np.unique(groups, return_inverse=True)
    num_clusters = int(places.max()) + 1 if len(places) else 0
    sums = np.zeros((num_clusters, size + 1))
    np.add.at(sums, places, scores)
    between = inverse @ (sums.T @ sums) @ inverse * num_clusters / max(1, num_clusters - 1)
    return Strengths(
        values=found[:size] - found[:size].mean(),
        log_tie=float(found[size]),
        variances=(inverse[:size, :size], between[:size, :size]),
        num_results=len(data),
        num_clusters=num_clusters,
    )


def _derivatives(features: Floats, counts: Floats, found: Floats) -> tuple[Floats, Floats]:
    """What each result adds to the gradient, (results, n + 1), and minus the second derivative, (n + 1, n + 1).

    The model is a softmax over win, tie, loss whose features are x, the unit of log ν, and -x.
    """
    half = features @ found
    logits = np.stack([half, np.full(len(half), found[-1]), -half], axis=1)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    chances /= chances.sum(axis=1, keepdims=True)
    total = counts.sum(axis=1)
    won, tied = chances[:, 0] - chances[:, 2], chances[:, 1]
    scores = (counts[:, 0] - counts[:, 2] - total * won)[:, None] * features
    scores[:, -1] += counts[:, 1] - total * tied
    decided = chances[:, 0] + chances[:, 2]
    hessian = (features * (total * (decided - won**2))[:, None]).T @ features
    cross = -(features * (total * won * tied)[:, None]).sum(axis=0)
    hessian[-1] += cross
    hessian[:, -1] += cross
    hessian[-1, -1] += (total * tied * (1 - tied)).sum()
    return scores, hessian


def kendall(one: Sequence[float] | Floats, other: Sequence[float] | Floats) -> float:
    """Kendall's τ-b of two lists of values of the same things; 0 where either puts nothing before anything."""
    from scipy.stats import kendalltau

    found = float(kendalltau(one, other).statistic)
    return 0.0 if math.isnan(found) else found
