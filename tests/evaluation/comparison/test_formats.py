import math

import pytest

from evaluation.comparison.formats import between, cases, chance, gap, interval, number, shown, size, value
from evaluation.comparison.stats import Estimate
from evaluation.metrics.base import Column

SHARE = Column(name="share", label="", description="")
WORDS = Column(name="words", label="", description="", high=math.inf)


def estimate(mean: float, low: float, high: float, num_cases: int = 40, num_clusters: int = 40) -> Estimate:
    return Estimate(value=mean, low=low, high=high, num_cases=num_cases, num_clusters=num_clusters)


def test_shares_are_percentages_and_all_else_is_not():
    assert shown(SHARE, estimate(0.815, 0.789, 0.838)) == "81.5 % (78.9–83.8)"
    assert shown(WORDS, estimate(12.345, 9.9, 114.0)) == "12.3 (9.9–114.0)"
    assert shown(WORDS, estimate(3.0, 0.0, math.inf)) == "3.00 (0.00–∞)"
    assert shown(SHARE, None) is None
    assert (value(SHARE, 0.9999), value(WORDS, 1234.5)) == (">99.9 %", "1,234")


def test_differences_are_signed_and_as_fine_as_what_they_stand_beside():
    assert (gap(SHARE, 0.123), gap(SHARE, -0.123), gap(WORDS, -2.5)) == ("+12.3", "−12.3", "−2.50")
    assert between(SHARE, estimate(0.0, -0.05, 0.05)) == "−5.0 to +5.0"
    assert between(WORDS, estimate(12.0, -0.25, 30.0)) == "−0.2 to +30.0"
    assert (size(SHARE, 0.18), size(WORDS, 0.0421), size(WORDS, None)) == ("18.0", "0.0421", None)


@pytest.mark.parametrize(
    ("plain", "text"),
    [(0, "0.0"), (0.5, "0.500"),
     (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (-4567.8, "−4,568"), (1e-9, "0.0000")],
)  # fmt: skip
def test_numbers_have_three_figures(plain, text):
    assert number(plain) == text


def test_chances_are_never_nothing_and_never_certainty_by_rounding():
    assert [chance(p) for p in (0.0, 0.00099, 0.001, 0.0344, 0.9999, 1.0)] == [
        "<0.001", "<0.001", "0.001", "0.034", "0.999", "1",
    ]  # fmt: skip


def test_how_many_cases():
    assert cases(estimate(0, 0, 0, 1, 1)) == "1 reply" and cases(estimate(0, 0, 0, 1200, 1200)) == "1,200 replies"
    assert cases(estimate(0, 0, 0, 12, 1)) == "12 replies in 1 independent group"
    assert cases(estimate(0, 0, 0, 410, 262)) == "410 replies in 262 independent groups"


def test_figures_of_a_calibration():
    assert interval({"value": 0.531, "low": 0.48, "high": 0.58}) == "0.53 (0.48–0.58)"
    assert interval({"value": -0.1, "low": -0.204, "high": 0.0}, 3, sign="+") == "−0.100 (−0.204 to +0.000)"
    assert interval({"value": 0.5}) == "0.50" and interval({"value": None}) is None and interval(None) is None
