"""Error rate and power by simulation, and every rule of a decision."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

import numpy as np
import pytest

from research.autoresearch.deciding.decision import Decision, Pair, Settings, decide
from research.autoresearch.deciding.noise import noise_of
from research.autoresearch.deciding.sequential import ERROR_RATE, LOOKS, POWER_AT_TWO, Shown, below, interval
from research.autoresearch.deciding.simplicity import code_lines

Draw = Callable[[np.random.Generator], float]
NOISES: dict[str, tuple[Draw, Draw]] = {
    "normal": (lambda rng: rng.normal(), lambda rng: rng.normal()),
    "a change three times as noisy": (lambda rng: rng.normal(), lambda rng: 3 * rng.normal()),
    "heavy tails": (lambda rng: rng.standard_t(3), lambda rng: rng.standard_t(3)),
    "a run in ten goes astray": (lambda rng: _astray(rng), lambda rng: _astray(rng)),
    "a change without noise": (lambda rng: rng.normal(), lambda rng: 0.0),
}


def _astray(rng: np.random.Generator) -> float:
    return float(rng.normal() + (8.0 if rng.random() < 0.1 else 0.0))


def tried(
    rng: np.random.Generator, effect: float = 0.0, *, confirm: bool, noise: str = "normal", lines: int = 0
) -> tuple[Decision, int]:
    """A change that lowers the metric by `effect`, from its first run to its decision, and the pairs that it took."""
    incumbent, candidate = NOISES[noise]
    measured = noise_of([incumbent(rng) for _ in range(3)])
    pairs: list[Pair] = []
    first = candidate(rng) - effect
    settings = Settings(confirm=confirm)
    while (found := decide(first, measured.mean, pairs, measured, lines_added=lines, settings=settings)) and (
        found.more_runs_wanted
    ):
        pairs.append(Pair(seed=len(pairs), candidate=candidate(rng) - effect, incumbent=incumbent(rng)))
    return found, len(pairs)


def share(keeps: list[bool]) -> float:
    return sum(keeps) / len(keeps)


@pytest.mark.parametrize("noise", NOISES)
def test_of_null_changes_one_run_keeps_about_half_and_pairs_at_most_one_in_twenty(noise: str) -> None:
    rng = np.random.default_rng(0)
    plain = [tried(rng, confirm=False, noise=noise)[0].status == "keep" for _ in range(2000)]
    confirmed = [tried(rng, confirm=True, noise=noise)[0].status == "keep" for _ in range(4000)]
    assert 0.42 < share(plain) < 0.6
    assert share(confirmed) <= ERROR_RATE


def test_the_error_rate_of_the_test_alone_is_kept_to_and_used() -> None:
    rng = np.random.default_rng(1)
    found = share([_passes(rng, 0.0) for _ in range(20_000)])
    assert 0.04 < found <= ERROR_RATE, "more would be false keeps, fewer would be power that is given away"


def test_its_power_for_an_effect_of_two_noise_widths_is_as_stated() -> None:
    rng = np.random.default_rng(2)
    assert share([_passes(rng, 2.0) for _ in range(5000)]) == pytest.approx(POWER_AT_TWO, abs=0.015)
    assert share([_passes(rng, 3.0) for _ in range(1000)]) > 0.97


def _passes(rng: np.random.Generator, effect: float) -> bool:
    differences = list[float]()
    while (shown := below(differences)) is Shown.NOT_YET:
        differences.append(rng.normal() - effect - rng.normal())
    assert len(differences) <= LOOKS[-1]
    return shown is Shown.YES


def test_what_makes_no_difference_is_given_up_after_a_few_pairs() -> None:
    rng = np.random.default_rng(3)
    taken = [pairs for _, pairs in (tried(rng, confirm=True) for _ in range(3000)) if pairs]
    assert 2.2 < fmean(taken) < 2.9


def test_the_interval_holds_the_effect_at_whatever_number_of_pairs_one_stops() -> None:
    rng = np.random.default_rng(4)
    held = list[bool]()
    for _ in range(3000):
        decision, pairs = tried(rng, 1.5, confirm=True)
        if pairs >= LOOKS[0]:
            assert decision.interval is not None
            held.append(decision.interval[1] >= -1.5)
    assert share(held) > 0.9
    assert interval([-1.0]).low is None, "a single pair says nothing of how pairs differ"


def test_without_noise_a_change_that_is_always_lower_passes_and_one_that_is_equal_does_not() -> None:
    assert below([-1.0] * 4) is Shown.YES
    assert below([0.0]) is Shown.NO
    assert below([-1.0] * 3) is Shown.NOT_YET


NOISE = noise_of([1.0, 1.01, 0.99])
"""Its width is 0.01."""


@pytest.mark.parametrize(
    ("first", "lines", "status", "why"),
    [
        (0.999, 0, "keep", "lower in one run"),
        (1.0, 0, "discard", "not lower"),
        (1.0, -9, "discard", "not lower"),
        (0.999, 3, "discard", "a gain below the noise of 0.010000, for 3 more lines"),
        (0.98, 3, "keep", "lower in one run"),
    ],
)
def test_one_run_decides_by_strictly_lower_and_by_lines_below_the_noise(
    first: float, lines: int, status: str, why: str
) -> None:
    found = decide(first, 1.0, [], NOISE, lines_added=lines, settings=Settings())
    assert (found.status, found.more_runs_wanted) == (status, False) and why in found.why
    assert found.difference == pytest.approx(first - 1.0)


@pytest.mark.parametrize(
    ("first", "lines", "wanted"),
    [(0.999, 0, True), (1.0, 0, False), (1.005, -1, True), (1.011, -1, False), (1.005, 0, False), (0.999, 5, True)],
)
def test_a_would_be_keep_is_run_again(first: float, lines: int, wanted: bool) -> None:
    found = decide(first, 1.0, [], NOISE, lines_added=lines, settings=Settings(confirm=True))
    assert found.more_runs_wanted is wanted and found.status == "discard"


def pairs_of(*differences: float) -> list[Pair]:
    return [Pair(seed=n, candidate=1.0 + each, incumbent=1.0) for n, each in enumerate(differences)]


def test_the_run_that_selected_a_change_does_not_count() -> None:
    worse = decide(0.1, 1.0, pairs_of(0.01), NOISE, lines_added=0, settings=Settings(confirm=True))
    assert worse.status == "discard" and not worse.more_runs_wanted and "given up" in worse.why


def test_a_gain_below_the_noise_is_worth_no_lines_and_one_above_it_is() -> None:
    settings = Settings(confirm=True)
    small = pairs_of(-0.004, -0.005, -0.006, -0.005)
    found = decide(0.9, 1.0, small, NOISE, lines_added=4, settings=settings)
    assert found.status == "discard" and "4 lines" in found.why
    assert decide(0.9, 1.0, small, NOISE, lines_added=0, settings=settings).status == "keep"
    assert decide(0.9, 1.0, small, NOISE, lines_added=4, settings=Settings(confirm=True, simplicity=False)).status == (
        "keep"
    )
    large = pairs_of(-0.02, -0.021, -0.019, -0.02)
    assert decide(0.9, 1.0, large, NOISE, lines_added=4, settings=settings).status == "keep"


def test_what_removes_lines_is_kept_only_where_it_is_shown_to_lose_less_than_the_noise() -> None:
    settings = Settings(confirm=True)
    equal = pairs_of(0.001, -0.001, 0.002, -0.002)
    found = decide(1.0, 1.0, equal, NOISE, lines_added=-4, settings=settings)
    assert found.status == "keep" and found.why == "4 lines fewer, and no loss beyond the noise of 0.010000 in 4 pairs"
    assert decide(1.0, 1.0, equal, NOISE, lines_added=0, settings=settings).status == "discard"
    unsure = pairs_of(0.005, -0.02, 0.02, 0.003)
    found = decide(1.0, 1.0, unsure, NOISE, lines_added=-4, settings=settings)
    assert found.status == "discard"
    unknown = noise_of([1.0])
    assert not decide(1.0, 1.0, [], unknown, lines_added=-4, settings=settings).more_runs_wanted


def test_lines_are_counted_as_python_would_write_them() -> None:
    plain = "def f(a, b):\n    c = a\n    return c + b\n"
    dressed = '"""Words."""\n\n# more\ndef f(\n    a,\n    b,\n):\n    """Words."""\n    c = a; return c + b  # so\n'
    assert code_lines(plain) == code_lines(dressed) == 3
    with pytest.raises(SyntaxError):
        code_lines("def")


def test_one_run_has_no_noise_and_none_is_an_error() -> None:
    assert noise_of([1.0]).width is None and "not measured" in str(noise_of([1.0]))
    with pytest.raises(ValueError, match="no run"):
        noise_of([])
