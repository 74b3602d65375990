"""What luck alone would show: against simulation."""

from __future__ import annotations

import random
from statistics import fmean

import pytest

from research.autoresearch.deciding.noise import Noise
from research.autoresearch.reporting.luck import (
    effect_of,
    expected_reversals,
    kept_by_luck,
    lowest_by_luck,
    reversed_by_replay,
)
from research.autoresearch.reporting.material import Run, Try
from tests.research.autoresearch.reporting.made import BASE, baselines, record


@pytest.mark.parametrize("tries", [1, 8, 60])
def test_tries_that_change_nothing_come_to_what_is_said(tries: int) -> None:
    chance = random.Random(tries)
    lowest, kept = list[float](), list[int]()
    for _ in range(4000):
        runs = [chance.gauss(2.0, 0.1) for _ in range(tries + 1)]
        lowest.append(min(runs))
        kept.append(sum(value < min(runs[:place]) for place, value in enumerate(runs) if place))
    assert kept_by_luck(tries) == pytest.approx(fmean(kept), rel=0.05)
    assert lowest_by_luck(Noise(mean=2.0, width=0.1, runs=3), tries + 1) == pytest.approx(fmean(lowest), abs=0.01)


def tried(change: float, **more: object) -> Try:
    return Try(Run(record(3, BASE, "keep", 2.4 + change, stands=2.4, **more)), Run(baselines()[0]))


def test_a_gain_within_the_noise_is_likelier_reversed_than_one_far_beyond_it() -> None:
    noise = Noise(mean=2.4, width=0.01, runs=3)
    small, large = reversed_by_replay(tried(-0.001), noise), reversed_by_replay(tried(-0.2), noise)
    assert small is not None and large is not None and 0.4 < small < 0.5 and large < 0.01
    assert reversed_by_replay(tried(0.0), noise) == 0.5
    assert expected_reversals([tried(-0.001), tried(-0.2)], noise) == pytest.approx(small + large)


def test_where_the_noise_was_not_measured_nothing_is_said() -> None:
    noise = Noise(mean=2.4, width=None, runs=1)
    assert lowest_by_luck(noise, 9) is None and reversed_by_replay(tried(-0.1), noise) is None
    assert expected_reversals([tried(-0.1)], noise) is None
    effect = effect_of(tried(-0.1), noise)
    assert effect is not None and effect.high == float("inf")


def test_a_baseline_without_noise_reverses_what_is_no_lower_and_nothing_else() -> None:
    still = Noise(mean=2.4, width=0.0, runs=3)
    assert reversed_by_replay(tried(-0.1), still) == 0 and reversed_by_replay(tried(0.0), still) == 1


def test_confirming_seeds_count_and_not_the_run_that_selected_it() -> None:
    decision = {"difference": -0.02, "interval": [-0.03, -0.01]}
    pairs = [{"seed": n, "candidate": 2.38, "incumbent": 2.4} for n in range(4)]
    effect = effect_of(tried(-0.3, decision=decision, confirmed=pairs), None)
    assert effect is not None and (effect.value, effect.low, effect.high, effect.seeds) == (-0.02, -0.03, -0.01, 4)
