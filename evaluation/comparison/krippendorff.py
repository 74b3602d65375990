"""Krippendorff's α: how far raters agree beyond chance, whoever rated what, with an interval over items.

After Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": of all pairs of values given to one unit, those
that differ, weighted by how far, against the same of all pairs of values there are. Missing values do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.resampling import Resampling

Floats = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval"]
RESAMPLES = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Alpha:
    """How far raters agree: 1 wholly, 0 as chance would, below 0 less than that."""

    value: float | None
    """None where it cannot be told: nobody rated what another did, or all always said the same one thing."""
    low: float | None
    """Percentile bootstrap over units, 95 %; None where there are too few."""
    high: float | None
    num_units: int
    """Units that two or more values were given to."""


def krippendorff(
    units: Sequence[Sequence[int]],
    num_values: int,
    level: Level,
    *,
    sides: bool = False,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Alpha:
    """α of units, each with the values that raters gave it: numbers from 0 below `num_values`, in their order.

    With `sides` the values 0 and 1 are names that could as well be exchanged in any unit, as the first and the second
    of two replies are: what chance would give is counted with each unit once in either way, and not by the names.
    There is no interval where `resamples` is 0.
    """
    paired = [values for values in units if len(values) > 1]
    if not paired:
        return Alpha(value=None, low=None, high=None, num_units=0)
    counts = np.array([np.bincount(values, minlength=num_values) for values in paired], float)
    coincidences = _coincidences(counts)
    if sides:
        exchanged = [1, 0, *range(2, num_values)]
        coincidences = (coincidences + coincidences[:, exchanged][:, :, exchanged]) / 2
    value = _alpha(coincidences.sum(axis=0, keepdims=True), level)[0]
    if not np.isfinite(value):
        return Alpha(value=None, low=None, high=None, num_units=len(paired))
    if not resamples:
        return Alpha(value=float(value), low=None, high=None, num_units=len(paired))
    draws = Resampling(len(paired), seed=seed, resamples=resamples).draws
    cells = coincidences.reshape(len(paired), -1)
    drawn = _alpha((draws @ cells).reshape(-1, num_values, num_values), level)
    drawn = drawn[np.isfinite(drawn)]
    if len(paired) < 2 or not len(drawn):
        return Alpha(value=float(value), low=None, high=None, num_units=len(paired))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Alpha(
        value=float(value),
        low=min(float(low), float(value)),
        high=max(float(high), float(value)),
        num_units=len(paired),
    )


def _coincidences(counts: Floats) -> Floats:
    """How often each value met each in each unit, (units, values, values), of how often it was given (units, values).

    A unit with m values has m (m - 1) pairs, each of which counts 1 / (m - 1).
    """
    met = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(counts.shape[1])
    found: Floats = met / (counts.sum(axis=1) - 1)[:, None, None]
    return found


def _alpha(coincidences: Floats, level: Level) -> Floats:
    """α of each matrix of coincidences (n, values, values); not a number where nothing could differ."""
    totals = coincidences.sum(axis=2)
    distance = _distances(totals, level)
    number = totals.sum(axis=1)
    observed = (coincidences * distance).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * distance).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(expected > 0, 1 - (number - 1) * observed / expected, np.nan)
    return found


def _distances(totals: Floats, level: Level) -> Floats:
    """The squared distance between two values, (n or 1, values, values)."""
    size = totals.shape[1]
    steps = np.arange(size)
    if level == "nominal":
        return np.asarray(steps[:, None] != steps[None, :], float)[None]
    if level == "interval":
        return np.asarray(steps[:, None] - steps[None, :], float)[None] ** 2
    # Ordinal: as many values as lie between the two, of each of the two the half.
    before = np.cumsum(totals, axis=1) - totals / 2
    found: Floats = (before[:, :, None] - before[:, None, :]) ** 2
    return found
