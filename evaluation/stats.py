"""How sure one can be: intervals for shares and for paired differences, over cases that come in clusters.

Cases that share a cluster (here: the same verb and object) are not independent, so whole clusters are drawn, never
single cases; that widens the intervals as far as the data ask for.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 10_000
LEVEL = 0.95


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A paired difference, candidate minus baseline, with the count of cases by who did better."""

    difference: Estimate
    """Mean over cases of candidate minus baseline, in the metric's unit."""
    higher: int
    """Cases on which the candidate scored higher than the baseline."""
    same: int
    """Cases on which both scored the same."""
    lower: int
    """Cases on which the candidate scored lower."""


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


def proportion(values: ArrayLike, clusters: Sequence[Hashable] | None = None, *, level: float = LEVEL) -> Estimate:
    """The mean of `values` (shape (cases,), each in 0..1) with a Wilson interval on the effective number of cases.

    That number is cases / design effect, the variance of the mean over clusters against that over single cases
    (Kish 1965; Korn & Graubard 1998), and never above the number of cases. When all values are the same the data do
    not tell the design effect, and the number of clusters is taken.
    """
    found = np.asarray(values, dtype=float)
    _check(found)
    sums, counts = _cluster_sums(found[None], clusters)
    mean, num_clusters = float(found.mean()), len(counts)
    within = mean * (1 - mean)
    effective = float(num_clusters)
    if within > 0 and num_clusters > 1:
        residuals = sums[0] - mean * counts
        between = num_clusters / (num_clusters - 1) * float(residuals @ residuals) / len(found) ** 2
        effective = min(float(len(found)), within / between) if between > 0 else float(len(found))
    low, high = wilson(mean, effective, level=level)
    return Estimate(value=mean, low=low, high=high, num_cases=len(found), num_clusters=num_clusters)


def paired_bootstrap(
    baseline: ArrayLike,
    candidate: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
) -> Comparison:
    """The mean of candidate minus baseline over the same cases, with a percentile bootstrap interval (Efron 1979).

    Each side has shape (cases,), or (seeds, cases) for several runs of one recipe; then the runs are drawn too, so
    that the interval covers another run of the recipe (Davison & Hinkley 1997, 3.8). When every case gives the
    same difference a bootstrap would claim certainty; the interval is then what one unseen exception in as many
    clusters allows (Clopper & Pearson 1934).
    """
    base, other = np.atleast_2d(np.asarray(baseline, float)), np.atleast_2d(np.asarray(candidate, float))
    _check(base)
    _check(other)
    if base.shape[1] != other.shape[1]:
        raise ValueError(f"{base.shape[1]} cases against {other.shape[1]}: a paired comparison needs the same cases")
    gains = other.mean(axis=0) - base.mean(axis=0)
    base_sums, counts = _cluster_sums(base, clusters)
    other_sums, _ = _cluster_sums(other, clusters)
    num_clusters = len(counts)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, num_clusters, (resamples, num_clusters))
    totals = _draw(other_sums, drawn, rng) - _draw(base_sums, drawn, rng)
    means = totals / counts[drawn].sum(axis=1)
    mean, tail = float(gains.mean()), (1 - level) / 2
    low, high = (float(end) for end in np.quantile(means, [tail, 1 - tail]))
    if high - low < 1e-12:
        slack = 1 - tail ** (1 / num_clusters)
        low, high = max(-1.0, mean - slack), min(1.0, mean + slack)
    return Comparison(
        difference=Estimate(
            value=mean, low=min(low, mean), high=max(high, mean), num_cases=len(gains), num_clusters=num_clusters
        ),
        higher=int((gains > 1e-12).sum()),
        same=int((np.abs(gains) <= 1e-12).sum()),
        lower=int((gains < -1e-12).sum()),
    )


def _draw(sums: NDArray[np.float64], drawn: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Totals over the drawn clusters, shape (resamples,), of the mean over runs drawn from those in `sums`."""
    num_runs = len(sums)
    if num_runs == 1:
        picked: NDArray[np.float64] = sums[0][drawn]
    else:
        shares = rng.multinomial(num_runs, [1 / num_runs] * num_runs, size=len(drawn)) / num_runs
        picked = np.take_along_axis(shares @ sums, drawn, axis=1)
    totals: NDArray[np.float64] = picked.sum(axis=1)
    return totals


def _cluster_sums(
    values: NDArray[np.float64], clusters: Sequence[Hashable] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per cluster, in order of appearance: the sums of each row of `values`, shape (rows, clusters), and the cases."""
    num_cases = values.shape[1]
    if clusters is None:
        return values, np.ones(num_cases)
    if len(clusters) != num_cases:
        raise ValueError(f"{len(clusters)} clusters for {num_cases} cases")
    places: dict[Hashable, int] = {}
    index = np.array([places.setdefault(cluster, len(places)) for cluster in clusters], dtype=np.int64)
    counts = np.bincount(index, minlength=len(places)).astype(float)
    return np.stack([np.bincount(index, weights=row, minlength=len(places)) for row in values]), counts


def _check(values: NDArray[np.float64]) -> None:
    if values.shape[-1] == 0:
        raise ValueError("no cases")
    if not np.isfinite(values).all():
        raise ValueError("a score is not a finite number")
