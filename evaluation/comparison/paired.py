"""Two models on the same cases: how far apart, how sure, and what would have been too small to see.

Whole clusters are drawn, and whole clusters change sides, never single cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.resampling import Resampling
from evaluation.comparison.stats import LEVEL, Estimate, cluster_sums, t_quantile, unseen

POWER = 0.8
MANY = 5_000
"""Above so many clusters the means are as good as normal, and drawing from that limit costs nothing."""
_EXACT = 14
"""Up to so many clusters that differ, all 2**14 ways to flip them are counted."""
_TINY = 1e-12


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Scores of two sides on the same cases."""

    baseline: NDArray[np.float64]
    """Shape (runs, cases): one run, or several of one recipe."""
    candidate: NDArray[np.float64]
    """The same, with as many cases."""
    clusters: NDArray[np.int64]
    """Each case's cluster, counted from 0 up to the resampling's number; shape (cases,)."""
    span: float
    """Greatest possible score less the least; may be infinite."""

    def __post_init__(self) -> None:
        cases = {self.baseline.shape[1], self.candidate.shape[1], len(self.clusters)}
        if len(cases) > 1:
            raise ValueError(f"{sorted(cases)} cases: a paired comparison needs the same ones")
        if not len(self.clusters):
            raise ValueError("no cases")
        if not (np.isfinite(self.baseline).all() and np.isfinite(self.candidate).all()):
            raise ValueError("a score is not a finite number")


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A paired difference, candidate minus baseline."""

    difference: Estimate
    """Mean over cases of candidate minus baseline, in the column's unit."""
    higher: int
    """Cases on which the candidate scored higher than the baseline."""
    same: int
    """Cases on which both scored the same."""
    lower: int
    """Cases on which the candidate scored lower."""
    p_value: float
    """Of the permutation test: how often so great a difference comes about when the two sides change places by lot."""
    effect_size: float | None
    """Mean difference over the standard deviation of the differences, d_z; None where all differences are the same."""
    dominance: float
    """Share of cases higher less share lower, -1 to 1: an effect size for what only has an order (Cliff 1993)."""
    detectable: float | None
    """The difference that would be found 4 times in 5 with cases like these; None where they do not vary."""


def compare(pairs: Sequence[Pair], resampling: Resampling) -> list[Comparison]:
    """Each pair's difference with a bootstrap interval, a permutation test and effect sizes.

    The interval runs between percentiles of the resampled means, set as far apart as so few clusters ask for
    (Hesterberg 2015, What Teachers Should Know About the Bootstrap, 5.3). Several runs of a side are drawn too, so that
    it covers another run of the recipe (Davison & Hinkley 1997, 3.8). When every case gives the same difference a
    bootstrap would claim certainty; the interval is then what one unseen exception in as many clusters allows.

    The test changes the sides' places within clusters by lot (Fisher 1935): every way there is where those are at most
    2**14, else p = (b + 1) / (m + 1) over m random ways. It takes the runs of a side as they are.
    """
    if not pairs:
        return []
    places = np.unique(np.concatenate([pair.clusters for pair in pairs]))
    sums = [_Sums.of(pair, places) for pair in pairs]
    if len(places) > MANY:
        return [_comparison(pair, each, None, None) for pair, each in zip(pairs, sums, strict=True)]
    widths = [0, *np.cumsum([each.columns.shape[1] for each in sums]).tolist()]
    drawn = resampling.totals(resampling.draws, places, np.hstack([each.columns for each in sums]))
    gains = np.stack([each.gains for each in sums], axis=1)
    flipped = gains.sum(axis=0) - 2 * resampling.totals(resampling.flips, places, gains)
    return [
        _comparison(pair, each, each.means(drawn[:, begin:end], resampling), flipped[:, column])
        for column, (pair, each, begin, end) in enumerate(zip(pairs, sums, widths, widths[1:], strict=False))
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sums:
    """A pair summed by cluster."""

    columns: NDArray[np.float64]
    """Shape (clusters, runs of the baseline + runs of the candidate + 1); the last counts cases."""
    num_runs: tuple[int, int]
    """Of the baseline and of the candidate."""

    @classmethod
    def of(cls, pair: Pair, places: NDArray[np.int64]) -> _Sums:
        ones = np.ones((1, len(pair.clusters)))
        found = cluster_sums(np.concatenate([pair.baseline, pair.candidate, ones]).T, pair.clusters)
        columns = np.zeros((len(places), found.shape[1]))
        columns[np.searchsorted(places, np.unique(pair.clusters))] = found
        return cls(columns=columns, num_runs=(len(pair.baseline), len(pair.candidate)))

    @property
    def counts(self) -> NDArray[np.float64]:
        """Cases of each cluster."""
        return self.columns[:, -1]

    @property
    def gains(self) -> NDArray[np.float64]:
        """Candidate minus baseline, summed over each cluster's cases, the mean over runs."""
        runs = self.num_runs[0]
        found: NDArray[np.float64] = self.columns[:, runs:-1].mean(axis=1) - self.columns[:, :runs].mean(axis=1)
        return found

    def means(self, drawn: NDArray[np.float64], resampling: Resampling) -> NDArray[np.float64]:
        """Mean gain of each resample that drew any of the cases."""
        runs = self.num_runs[0]
        totals = _of_runs(drawn[:, runs:-1], resampling) - _of_runs(drawn[:, :runs], resampling)
        some = drawn[:, -1] > 0
        found: NDArray[np.float64] = totals[some] / drawn[some, -1]
        return found


def _of_runs(drawn: NDArray[np.float64], resampling: Resampling) -> NDArray[np.float64]:
    if drawn.shape[1] == 1:
        return drawn[:, 0]
    found: NDArray[np.float64] = (drawn * resampling.shares(drawn.shape[1])).sum(axis=1)
    return found


def _comparison(
    pair: Pair, sums: _Sums, means: NDArray[np.float64] | None, flipped: NDArray[np.float64] | None
) -> Comparison:
    gains = pair.candidate.mean(axis=0) - pair.baseline.mean(axis=0)
    num_cases, num_clusters = len(gains), int((sums.counts > 0).sum())
    average = float(gains.mean())
    error = _standard_error(sums, average, num_cases, num_clusters)
    spread = float(gains.std(ddof=1)) if num_cases > 1 else 0.0
    low, high = _ends(pair, average, error, num_clusters, means)
    higher, lower = int((gains > _TINY).sum()), int((gains < -_TINY).sum())
    degrees = num_clusters - 1
    detectable = (t_quantile((1 + LEVEL) / 2, degrees) + t_quantile(POWER, degrees)) * error if degrees else 0.0
    return Comparison(
        difference=Estimate(
            value=average,
            low=min(low, average),
            high=max(high, average),
            num_cases=num_cases,
            num_clusters=num_clusters,
        ),
        higher=higher,
        same=num_cases - higher - lower,
        lower=lower,
        p_value=_p_value(sums.gains, flipped),
        effect_size=average / spread if spread > _TINY else None,
        dominance=(higher - lower) / num_cases,
        detectable=detectable if detectable > _TINY else None,
    )


def _standard_error(sums: _Sums, average: float, num_cases: int, num_clusters: int) -> float:
    """Of the mean gain, from the variance between clusters."""
    residuals = sums.gains - average * sums.counts
    return math.sqrt(num_clusters / max(1, num_clusters - 1) * float(residuals @ residuals)) / num_cases


def _ends(
    pair: Pair, average: float, error: float, num_clusters: int, means: NDArray[np.float64] | None
) -> tuple[float, float]:
    if error < _TINY or num_clusters == 1:
        scores = np.concatenate([pair.baseline.ravel(), pair.candidate.ravel()])
        span = pair.span if math.isfinite(pair.span) else float(np.ptp(scores))
        slack = unseen(num_clusters) * span
        return max(-span, average - slack), min(span, average + slack)
    half = t_quantile((1 + LEVEL) / 2, num_clusters - 1)
    if means is None:
        error = math.hypot(error, *(_error_of_runs(side) for side in (pair.baseline, pair.candidate)))
        return average - half * error, average + half * error
    tail = NormalDist().cdf(-math.sqrt(num_clusters / (num_clusters - 1)) * half)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _error_of_runs(side: NDArray[np.float64]) -> float:
    """Standard error of a side's mean from its runs, as far as they differ."""
    return float(side.mean(axis=1).std(ddof=1)) / math.sqrt(len(side)) if len(side) > 1 else 0.0


def _p_value(gains: NDArray[np.float64], flipped: NDArray[np.float64] | None) -> float:
    """Two-sided, of no difference."""
    differ = gains[np.abs(gains) > _TINY]
    least = abs(float(differ.sum())) - 1e-9 * float(np.abs(differ).sum())  # as great, but for rounding
    if not len(differ):
        return 1.0
    if len(differ) <= _EXACT:
        ways = np.arange(2 ** len(differ))[:, None] >> np.arange(len(differ)) & 1
        return float((np.abs((1 - 2 * ways) @ differ) >= least).mean())
    if flipped is None:
        z = least / math.sqrt(float(differ @ differ))
        return 2 * NormalDist().cdf(-z)
    return (int((np.abs(flipped) >= least).sum()) + 1) / (len(flipped) + 1)
