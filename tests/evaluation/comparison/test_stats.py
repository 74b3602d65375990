import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from evaluation.comparison.stats import Estimate, holm, mean, means, unseen, wilson

ANYTHING = (-math.inf, math.inf)


def test_wilson_against_published_values():
    # Newcombe (1998), table I: 81 of 263 and 15 of 148, score method without continuity correction.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_is_scipys():
    for hits, trials in [(0, 5), (3, 7), (40, 40), (99, 250)]:
        expected = scipy_stats.binomtest(hits, trials).proportion_ci(method="wilson")
        assert wilson(hits / trials, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_share_of_independent_cases_is_wilson():
    found = mean([1.0] * 30 + [0.0] * 10)
    assert (found.value, found.num_cases, found.num_clusters) == (0.75, 40, 40)
    # Without clusters the variance over "clusters" has the factor n / (n - 1), hence not exactly.
    assert (found.low, found.high) == pytest.approx(wilson(0.75, 40), abs=3e-3)


def test_copies_of_a_case_add_no_certainty():
    for values, bounds in [([1.0, 1, 1, 0, 1, 0, 1, 1], (0.0, 1.0)), ([3.0, 4, 9, 1, 2, 6, 5, 3], ANYTHING)]:
        once = mean(values, range(8), bounds)
        repeated = mean(values * 10, [*range(8)] * 10, bounds)
        assert repeated.num_cases == 80 and repeated.num_clusters == 8
        assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))
        alone = mean(values * 10, bounds=bounds)
        assert repeated.high - repeated.low > 2 * (alone.high - alone.low)


def test_all_right_counts_clusters_not_cases():
    found = mean([1.0] * 100, [number // 10 for number in range(100)])
    assert found.high == 1 and found.low == pytest.approx(wilson(1.0, 10)[0])


def test_what_is_no_share_has_the_interval_of_students_t():
    values = [12.0, 15.0, 9.0, 30.0, 22.0]
    found = mean(values, bounds=(0, math.inf))
    expected = scipy_stats.t.interval(0.95, 4, loc=np.mean(values), scale=scipy_stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected, rel=2e-3)


def test_intervals_stay_in_bounds_and_halves_are_no_shares():
    found = mean([0.5, 1.0, 1.0, 1.0, 0.5])
    assert found.high == 1.0 and found.low == pytest.approx(0.8 - 2.776 * math.sqrt(0.075 / 5), abs=2e-3)
    assert mean([1.0, 2.0, 9.0], bounds=(0, math.inf)).low == 0


def test_values_that_are_all_the_same_make_no_certainty():
    found = mean([0.5] * 20)
    assert (found.low, found.high) == pytest.approx((0.5 - unseen(20), 0.5 + unseen(20)))
    assert unseen(20) == pytest.approx(0.1684, abs=1e-4)  # Clopper & Pearson's upper end for 0 of 20
    assert mean([7.0] * 20, bounds=(0, math.inf)).low == 7.0  # how far it might have varied, nothing tells


def test_one_cluster_says_nothing_of_others():
    found = mean([2.0, 4.0], [0, 0], (0, math.inf))
    assert (found.value, found.low, found.high) == (3.0, 0.0, math.inf)


def test_columns_are_told_apart_and_may_lack_values():
    values = np.array([[1.0, np.nan, 5.0], [0.0, np.nan, np.nan], [1.0, np.nan, 7.0]])
    share, nothing, lengths = means(values, np.array([4, 4, 9]), [(0, 1), (0, 1), (0, math.inf)])
    assert nothing is None
    assert (share.value, share.num_cases, share.num_clusters) == (pytest.approx(2 / 3), 3, 2)
    assert (lengths.value, lengths.num_cases, lengths.num_clusters) == (6.0, 2, 2)
    assert means(np.zeros((0, 1)), np.zeros(0, dtype=int), [(0, 1)]) == [None]


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("kind", ["share", "length"])
def test_intervals_cover_the_truth_about_as_often_as_they_say(kind, clustered):
    rng = np.random.default_rng(7)
    rounds, num_clusters, size = 600, 30, 4
    clusters = np.repeat(np.arange(num_clusters), size)
    covered = 0
    for _ in range(rounds):
        easy = np.repeat(rng.beta(2, 2, num_clusters), size) if clustered else np.full(len(clusters), 0.5)
        if kind == "share":
            found = mean((rng.random(len(easy)) < 0.2 + 0.8 * easy).astype(float), clusters)  # the true share is .6
            covered += found.low <= 0.6 <= found.high
        else:
            found = mean(rng.poisson(20 * easy).astype(float), clusters, (0, math.inf))  # the true mean is 10
            covered += found.low <= 10 <= found.high
    assert 0.925 <= covered / rounds <= 0.98, covered / rounds


def test_holm_by_hand():
    # Holm (1979): the least is multiplied by 4, the next by 3, ...; none may fall below the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == [] and holm([0.2]) == [0.2]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="finite"):
        mean([0.5, math.inf])
    with pytest.raises(ValueError, match="clusters"):
        mean([0.5, 0.5], [1])
    with pytest.raises(ValueError, match="above 0|no cases"):
        wilson(0.5, 0)
    with pytest.raises(ValueError):
        Estimate(value=0.5, low=0.9, high=0.1, num_cases=1, num_clusters=1)
