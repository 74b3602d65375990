"""What luck alone would show: the noise of one run, and what it makes of many tries.

A training that is run again with another seed, or with a change that changes nothing, gives another val_bpb. Whoever
keeps what is strictly lower therefore gains without deserving it: of N tries that change nothing the lowest lies below
the baseline, and on the way there some were kept. Both follow from the spread of the baseline's runs alone, and stand
beside what was gained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from evaluation.comparison.stats import LEVEL, t_quantile
from research.autoresearch.deciding.noise import Noise, noise_of
from research.autoresearch.reporting.material import Loop, Try

REPLAYED_SEEDS = 3
"""As many as a replay takes where nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """By how much a kept change lowered val_bpb, as far as the loop itself can tell."""

    value: float
    """Below 0 is better."""
    low: float
    high: float
    """95 %; infinite where nothing tells how much runs differ."""
    seeds: int
    """Fresh seeds that confirmed it; 0 where it is the run that selected it, beside the incumbent's."""


def noise_of_baseline(loop: Loop) -> Noise | None:
    """By the baseline's runs; None where none has a figure."""
    values = [each.value for each in loop.baselines if each.value is not None]
    return noise_of(values) if values else None


def lowest_by_luck(noise: Noise, num_runs: int) -> float | None:
    """The lowest val_bpb that so many runs of the unchanged baseline, 1 or more, are expected to show, if they are
    normal (order statistics by Blom 1958). None where the noise was not measured."""
    if noise.width is None:
        return None
    return noise.mean + noise.width * NormalDist().inv_cdf((1 - 0.375) / (num_runs + 0.25))


def kept_by_luck(num_tries: int) -> float:
    """How many of so many changes that change nothing are expected to be strictly lower than all runs before them: the
    records of a sequence, 1/2 + 1/3 + … (Rényi 1962), whatever the noise."""
    return math.fsum(1 / place for place in range(2, num_tries + 2))


def effect_of(kept: Try, noise: Noise | None) -> Effect | None:
    """Of the fresh seeds that confirmed it, as it was decided by them; else of the one run, by the baseline's noise.
    None where it has no figure."""
    decided, seeds = kept.run.get("decision"), len(kept.run.get("confirmed") or ())
    if decided and seeds:
        low, high = decided["interval"] or (-math.inf, math.inf)
        return Effect(value=decided["difference"], low=low, high=high, seeds=seeds)
    if kept.change is None:
        return None
    reach = math.inf
    if noise and noise.width is not None:
        reach = t_quantile((1 + LEVEL) / 2, noise.runs - 1) * math.sqrt(2) * noise.width
    return Effect(value=kept.change, low=kept.change - reach, high=kept.change + reach, seeds=0)


def reversed_by_replay(kept: Try, noise: Noise | None, seeds: int = REPLAYED_SEEDS) -> float | None:
    """How likely a replay on so many fresh seeds finds a kept change no better than what it was made from.

    By what its runs say and the baseline's noise: the replayed difference is spread around the measured one by the
    noise of both (Student's t). That winners were picked is not in it. None where the noise was not measured.
    """
    effect = effect_of(kept, noise)
    if effect is None or noise is None or noise.width is None:
        return None
    spread = math.sqrt(2) * noise.width * math.sqrt(1 / seeds + 1 / max(1, effect.seeds))
    if not spread:
        return float(effect.value >= 0)
    from scipy.special import stdtr  # imported in a fourth of the time that scipy.stats takes

    return float(stdtr(noise.runs - 1, effect.value / spread))


def expected_reversals(kept: Sequence[Try], noise: Noise | None) -> float | None:
    """How many of what was kept a replay is expected to reverse; None where the noise is not known."""
    chances = [reversed_by_replay(each, noise) for each in kept]
    known = [each for each in chances if each is not None]
    return math.fsum(known) if known or not kept else None
