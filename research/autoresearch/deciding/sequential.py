"""A sequential test of whether a change lowers the metric, on pairs of runs: the change and what it is to replace.

Both runs of a pair have one seed, which neither was ever run with before, least of all the run that made the change
worth a second look. The statistic is Student's t of the differences, so the error rate is that of the test whatever
the noise is: no estimate of it enters, nor has a change to be as noisy as what it replaces.

A group-sequential design with equal nominal levels (Pocock 1977) at `LOOKS` pairs: a change that makes no difference
passes with a probability of at most `ERROR_RATE` (0.045 for normal differences, as simulated; 0.05 if what is hopeless
were not given up). One that lowers the metric by as much as two standard deviations of a single run passes with
`POWER_AT_TWO` where the runs of a pair have nothing in common but their seed's number, and more often where they have.
What is hopeless is given up early, which can only make a false pass rarer: a change without effect costs 2.6 pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import fmean, stdev

LOOKS = (4, 6, 8)
"""Numbers of pairs after which a change may pass."""
ERROR_RATE = 0.05
"""Of all looks together: how often at the most a change passes that makes no difference."""
POWER_AT_TWO = 0.87
"""How often a change passes that lowers the metric by two standard deviations of a single run."""
_LEVEL = 0.0235
"""Nominal, of one look: together they come to `ERROR_RATE`."""
_HOPELESS = {2: 0.5, 3: 0.4, 4: 0.25, 5: 0.25, 6: 0.12, 7: 0.12}
"""After so many pairs a change is given up whose t lies above this quantile: 0.5 is no lower on average."""


class Shown(Enum):
    """What pairs of runs show of a change."""

    YES = "yes"
    NO = "no"
    NOT_YET = "not yet"


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean difference, and what it may be: each end is missed in 5 of 100 cases, however often one looked."""

    mean: float
    low: float | None
    """None for a single pair, which says nothing of how pairs differ."""
    high: float | None


def below(differences: Sequence[float], bound: float = 0.0) -> Shown:
    """Whether the mean difference is shown to lie below `bound`, from the differences of the pairs run so far."""
    pairs = len(differences)
    if pairs == 0:
        return Shown.NOT_YET
    mean = fmean(differences) - bound
    if pairs == 1:
        return Shown.NO if mean >= 0 else Shown.NOT_YET
    spread = stdev(differences) / math.sqrt(pairs)
    if pairs in LOOKS and mean < 0 and mean <= _quantile(_LEVEL, pairs) * spread:
        return Shown.YES
    hopeless = pairs >= LOOKS[-1] or mean >= 0 or mean > _quantile(_HOPELESS[pairs], pairs) * spread
    return Shown.NO if hopeless else Shown.NOT_YET


def interval(differences: Sequence[float]) -> Interval:
    """The mean difference with a repeated confidence interval (Jennison & Turnbull 1989) at the level of the looks."""
    mean = fmean(differences)
    if len(differences) == 1:
        return Interval(mean=mean, low=None, high=None)
    reach = -_quantile(_LEVEL, len(differences)) * stdev(differences) / math.sqrt(len(differences))
    return Interval(mean=mean, low=mean - reach, high=mean + reach)


def _quantile(share: float, pairs: int) -> float:
    from evaluation.comparison.stats import t_quantile

    return t_quantile(share, pairs - 1)
