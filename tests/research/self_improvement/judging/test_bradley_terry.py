"""Strengths: the maximum that they claim to be, what they do at the edges, and intervals that hold."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import kendalltau

from research.self_improvement.judging.bradley_terry import PRIOR, Result, fit, kendall


def drawn(rng: np.random.Generator, worth: np.ndarray, meetings: int, tie: float = 0.5) -> list[Result]:
    found = []
    for _ in range(meetings):
        i, j = rng.choice(len(worth), 2, replace=False)
        half = (worth[i] - worth[j]) / 2
        chances = np.array([np.exp(half), tie, np.exp(-half)])
        found.append(Result(int(i), int(j), *map(float, rng.multinomial(1, chances / chances.sum()))))
    return found


def test_it_is_the_maximum_that_a_general_search_finds() -> None:
    results = drawn(np.random.default_rng(1), np.array([-1.0, 0.0, 0.3, 1.5]), 60)

    def loss(found: np.ndarray) -> float:
        total = (found[:4] ** 2).sum() / (2 * PRIOR**2) + found[4] ** 2 / (2 * 1.5**2)
        for i, j, *counts in results:
            half = (found[i] - found[j]) / 2
            logits = np.array([half, found[4], -half])
            total -= np.array(counts) @ (logits - np.log(np.exp(logits).sum()))
        return float(total)

    best = minimize(loss, np.zeros(5), tol=1e-12).x
    strengths = fit(4, results)
    assert strengths.values == pytest.approx(best[:4] - best[:4].mean(), abs=1e-4)
    assert strengths.log_tie == pytest.approx(best[4], abs=1e-4)


def test_who_never_lost_is_first_and_not_infinite() -> None:
    strengths = fit(3, [Result(0, 1, 1, 0, 0), Result(0, 2, 1, 0, 0), Result(1, 2, 1, 0, 0)] * 50)
    assert strengths.order() == [0, 1, 2]
    assert np.abs(strengths.values).max() < 20


def test_without_results_nothing_is_known() -> None:
    strengths = fit(3, [])
    assert strengths.values == pytest.approx([0, 0, 0])
    assert strengths.surely() == []
    assert strengths.gap(0, 1).high > PRIOR


def test_all_ties_is_no_order_however_many() -> None:
    strengths = fit(3, [Result(i, j, 0, 1, 0) for i, j in [(0, 1), (1, 2), (0, 2)]] * 100)
    assert strengths.values == pytest.approx([0, 0, 0], abs=1e-9)
    assert strengths.surely() == []


def test_one_win_is_not_sure_and_many_are() -> None:
    assert fit(2, [Result(0, 1, 1, 0, 0)]).surely() == []
    many = [Result(0, 1, 1, 0, 0)] * 12
    assert fit(2, many, clusters=range(12)).surely() == [(0, 1)]


def test_the_side_that_is_named_first_does_not_matter() -> None:
    results = drawn(np.random.default_rng(2), np.array([-1.0, 0.0, 1.0]), 40)
    turned = [Result(each.other, each.one, each.loss, each.tie, each.win) for each in results]
    one, other = fit(3, results), fit(3, turned)
    assert one.values == pytest.approx(other.values)
    assert one.gap(2, 0).low == pytest.approx(other.gap(2, 0).low)


def test_results_that_were_copied_make_nobody_surer() -> None:
    results = [Result(0, 1, *each) for each in [(1, 0, 0), (0, 0, 1), (1, 0, 0), (1, 0, 0), (0, 1, 0), (1, 0, 0)] * 5]
    clusters = list(range(len(results)))
    once, copied = fit(2, results, clusters), fit(2, results * 20, clusters * 20)
    width = once.gap(0, 1).high - once.gap(0, 1).low
    assert copied.gap(0, 1).high - copied.gap(0, 1).low == pytest.approx(width, rel=0.2)
    apart = fit(2, results * 20, range(20 * len(results))).gap(0, 1)
    assert apart.high - apart.low < width / 3


def test_intervals_hold_what_was_planted() -> None:
    worth = np.array([-1.2, -0.4, 0.0, 0.6, 1.0])
    rng = np.random.default_rng(3)
    held = []
    for _ in range(60):
        strengths = fit(5, results := drawn(rng, worth, 120), clusters=range(120))
        assert len(results) == strengths.num_results
        held += [(gap := strengths.gap(i, 0)).low <= worth[i] - worth[0] <= gap.high for i in range(1, 5)]
    assert 0.9 <= np.mean(held) <= 1


@pytest.mark.parametrize("bad", [Result(1, 1, 1, 0, 0), Result(0, 1, -1, 0, 0), Result(0, 1, float("nan"), 0, 0)])
def test_what_is_no_result_is_refused(bad: Result) -> None:
    with pytest.raises(ValueError, match="a result is of two"):
        fit(2, [bad])


def test_tau_is_that_of_scipy() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        one, other = rng.integers(0, 4, (2, 7))
        expected = kendalltau(one, other).statistic
        assert kendall(one, other) == pytest.approx(0 if np.isnan(expected) else expected)
