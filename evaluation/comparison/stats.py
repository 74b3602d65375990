"""How sure one can be of a mean over cases that come in clusters, and of many tests at once.

Cases that share a cluster (one verb and object, one question at five levels, several replies to one case) are not
independent, so clusters are what is counted; that widens the intervals as far as the data ask for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
Bounds = tuple[float, float]
"""Least and greatest possible score; either may be infinite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A mean with its interval. Raises ValueError when the interval is upside down."""

    value: float
    """The mean."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""
    num_cases: int
    """Cases the mean is over."""
    num_clusters: int
    """Independent groups among them."""

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"the interval runs from {self.low} to {self.high}")


def wilson(share: float, num_cases: float, *, level: float = LEVEL) -> tuple[float, float]:
    """The score interval for a share of `num_cases` trials (Wilson 1927), which stays inside 0..1 and is never empty.

    `num_cases` may be an effective number and need not be whole. Raises ValueError when it is not above 0.
    """
    if num_cases <= 0:
        raise ValueError("a share of no cases has no interval")
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = share + z * z / (2 * num_cases)
    spread = z * math.sqrt(share * (1 - share) / num_cases + z * z / (4 * num_cases**2))
    scale = 1 + z * z / num_cases
    low, high = (centre - spread) / scale, (centre + spread) / scale
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def mean(values: ArrayLike, clusters: ArrayLike | None = None, bounds: Bounds = (0.0, 1.0)) -> Estimate | None:
    """The mean of `values` (shape (cases,), NaN where there is none) with its 95 % interval; see `means`."""
    column = np.asarray(values, dtype=float)[:, None]
    own = np.arange(len(column)) if clusters is None else np.asarray(clusters)
    return means(column, own, [bounds])[0]


def means(values: NDArray[np.float64], clusters: NDArray[np.int64], bounds: Sequence[Bounds]) -> list[Estimate | None]:
    """The mean of each column of `values`, shape (cases, columns), with a 95 % interval; None for a column of NaN.

    NaN stands where a column has no value. A column of zeros and ones gets a Wilson interval on the effective number of
    cases, which is cases / design effect: the variance of the mean over clusters against that over single cases (Kish
    1965; Korn & Graubard 1998), never above the number of cases. Any other gets Student's t on the variance between
    clusters, with one degree of freedom less than clusters (Liang & Zeger 1986), cut off at `bounds`.

    Where all values are the same the data do not tell how much they vary. Then clusters count as cases of a share, and
    of any other column the interval is what one unseen exception in as many clusters allows (Clopper & Pearson 1934).
    Raises ValueError for an infinite score.
    """
    if np.isinf(values).any():
        raise ValueError("a score is not a finite number")
    present = ~np.isnan(values)
    filled = np.where(present, values, 0.0)
    sums, counts = cluster_sums(filled, clusters), cluster_sums(present.astype(float), clusters)
    cases, groups = counts.sum(axis=0), (counts > 0).sum(axis=0)
    averages = sums.sum(axis=0) / np.maximum(cases, 1)
    residuals = sums - averages * counts
    variances = groups / np.maximum(groups - 1, 1) * (residuals**2).sum(axis=0) / np.maximum(cases, 1) ** 2
    binary = (~present | (values == 0) | (values == 1)).all(axis=0)
    same = np.abs(np.where(present, values - averages, 0.0)).max(axis=0, initial=0.0) < 1e-12
    return [
        _estimate(float(average), float(variance), int(n), int(g), bool(zero_one), bool(flat), limits) if n else None
        for average, variance, n, g, zero_one, flat, limits in zip(
            averages, variances, cases, groups, binary, same, bounds, strict=True
        )
    ]


def _estimate(
    average: float, variance: float, num_cases: int, num_clusters: int, binary: bool, same: bool, bounds: Bounds
) -> Estimate:
    low, high = bounds
    if binary and bounds == (0.0, 1.0):
        effective = float(num_clusters)
        if not same and num_clusters > 1:
            within = average * (1 - average)
            effective = min(float(num_cases), within / variance) if variance > 0 else float(num_cases)
        ends = wilson(average, effective)
    elif num_clusters == 1:
        ends = bounds  # one cluster says nothing of how clusters differ
    elif same:
        slack = unseen(num_clusters) * (high - low) if math.isfinite(high - low) else 0.0
        ends = average - slack, average + slack
    else:
        spread = t_quantile((1 + LEVEL) / 2, num_clusters - 1) * math.sqrt(variance)
        ends = average - spread, average + spread
    return Estimate(
        value=average,
        low=min(average, max(low, ends[0])),
        high=max(average, min(high, ends[1])),
        num_cases=num_cases,
        num_clusters=num_clusters,
    )


def unseen(num_clusters: int, level: float = LEVEL) -> float:
    """The share of exceptions that may still hide where `num_clusters` of `num_clusters` agree."""
    return float(1 - ((1 - level) / 2) ** (1 / num_clusters))


def cluster_sums(values: NDArray[np.float64], clusters: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums over the rows of `values` (shape (cases, columns)) that share a cluster; shape (clusters, columns).

    Clusters stand in the order of their numbers.
    """
    if len(clusters) != len(values):
        raise ValueError(f"{len(clusters)} clusters for {len(values)} cases")
    if not len(values):
        return np.zeros((0, values.shape[1]))
    order = np.argsort(clusters, kind="stable")
    ranked = clusters[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    found: NDArray[np.float64] = np.add.reduceat(values[order], starts, axis=0)
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for being many, in their order: any is below .05 wrongly once in 20 times (Holm 1979)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


@lru_cache(maxsize=4096)
def t_quantile(share: float, degrees: int) -> float:
    """The value of Student's t with `share` of the distribution below it."""
    from scipy.special import stdtrit  # imported in a fourth of the time that scipy.stats takes

    return float(stdtrit(degrees, share))
