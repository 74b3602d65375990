"""What chance allows: levels for a monitor that looks many times, bounds and tests that hold for few cases.

A monitor may raise a false alarm in `FALSE_ALARMS` of all clean runs, however often it looks: each look tests at the
part of that which the steps since the monitor's last look are of the run's. The parts add up to no more than the whole,
so the chance of any false alarm does too (Bonferroni's inequality), whatever the looks have in common, and an
interval that is changed in the middle of a run changes nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from scipy import stats

from training.monitors.base import Look

FALSE_ALARMS = 0.0025
"""Of clean runs, per monitor: four that tell by chance stay below one run in a hundred together."""

_RADEMACHER = 3.178
"""A sum with random signs exceeds z times its norm at most so many times as often as a normal one exceeds z
(Bentkus & Dzindzalieta 2015, doi:10.3150/14-BEJ603)."""


def spent(look: Look, last: Sequence[tuple[int, float]]) -> float:
    """The level at which a look may test, which is 0 for the first: `last` is a figure of the monitor's so far."""
    since = look.step.number - last[-1][0] if last else 0
    return FALSE_ALARMS * min(1.0, max(0, since) / max(1, look.config.steps))


def lower_bound(values: Sequence[float], level: float) -> float:
    """What the mean of `values` lies above, but for `level` of cases, where each is as likely as far above its centre
    as below: the least centre that changing signs at random does not refute. -inf where they are too few to tell.

    It inverts the sign-flip permutation test, whose p is not drawn but bounded, for levels here are too small to be
    reached by draws.
    """
    found = np.asarray(values, dtype=float)
    size = len(found)
    z = NormalDist().inv_cdf(1 - level / _RADEMACHER) if 0 < level < 1 else math.inf
    if size <= z * z:
        return -math.inf
    return float(found.mean() - z * math.sqrt(found.var() / (size - z * z)))


def more_often(now: tuple[int, int], before: tuple[int, int], odds: float = 1.0) -> float:
    """How often `now` (found, of) comes about or more, were its odds at most `odds` times those of `before`.

    With odds 1 this is Fisher's exact test, one-sided; else its noncentral form, as exact (Fisher 1935).
    """
    (found, of), (found_before, of_before) = now, before
    total, all_found = of + of_before, found + found_before
    if not of or not of_before or not all_found:
        return 1.0
    return float(stats.nchypergeom_fisher.sf(found - 1, total, all_found, of, odds))
