"""Arms beside the baseline, seed by seed: paired differences, their intervals, and Holm's correction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from evaluation.comparison.over_seeds import interval
from evaluation.comparison.stats import holm
from research.bootstrap.bands import BANDS
from research.bootstrap.experiments.outcomes import FIGURES, Outcome

Found = Mapping[str, Mapping[int, Outcome]]
"""By arm and seed, what the loops came to that are there."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One figure of one arm, less that of the baseline with the same seed."""

    arm: str
    figure: str
    baseline: float
    """The baseline's mean over the seeds that both have."""
    value: float
    """Mean of the differences."""
    low: float
    high: float
    """Student's t over seeds; infinite for a single seed."""
    by_seed: tuple[float, ...]
    p: float
    """Two-sided, of the same t."""
    p_corrected: float
    """By Holm, over the arms that are compared by this figure."""


def differences(found: Found, baseline: str) -> list[Difference]:
    """Every figure of every arm beside the baseline, over the seeds that both have."""
    rows = [
        each
        for figure, (_, value_of) in FIGURES.items()
        for arm in found
        if arm != baseline and (each := _difference(arm, figure, value_of, found[arm], found[baseline]))
    ]
    corrected = {
        (each.arm, each.figure): p
        for figure in FIGURES
        for of_figure in [[row for row in rows if row.figure == figure]]
        for each, p in zip(of_figure, holm([row.p for row in of_figure]), strict=True)
    }
    return [replace(row, p_corrected=corrected[row.arm, row.figure]) for row in rows]


def of_bands(found: Found, baseline: str) -> dict[str, list[Difference]]:
    """By arm, the share of held-out turns of each band that are good; corrected for nothing."""
    return {
        arm: [
            each
            for band in range(len(BANDS))
            if (each := _difference(arm, str(band), partial(share_of, band=band), ours, found[baseline]))
        ]
        for arm, ours in found.items()
        if arm != baseline
    }


def share_of(outcome: Outcome, band: int) -> float:
    """The share of a band's held-out turns that are good, in the last examination."""
    return float(outcome.exams[-1]["bands"][band]["share"])


def _difference(
    arm: str,
    figure: str,
    value_of: Callable[[Outcome], float],
    ours: Mapping[int, Outcome],
    theirs: Mapping[int, Outcome],
) -> Difference | None:
    """None where no seed has both."""
    seeds = [seed for seed in ours if seed in theirs]
    if not seeds:
        return None
    before = np.array([value_of(theirs[seed]) for seed in seeds])
    gaps = np.array([value_of(ours[seed]) for seed in seeds]) - before
    low, high, p = interval(gaps)
    return Difference(
        arm=arm,
        figure=figure,
        baseline=float(before.mean()),
        value=float(gaps.mean()),
        low=low,
        high=high,
        by_seed=tuple(map(float, gaps)),
        p=p,
        p_corrected=p,
    )
