import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats as scipy_stats

from evaluation.comparison import paired
from evaluation.comparison.paired import Pair, compare
from evaluation.comparison.resampling import Resampling
from evaluation.comparison.stats import t_quantile


def pair(base, other, clusters=None, span=1.0) -> Pair:
    base, other = np.atleast_2d(np.asarray(base, float)), np.atleast_2d(np.asarray(other, float))
    own = np.arange(base.shape[1]) if clusters is None else np.asarray(clusters)
    return Pair(baseline=base, candidate=other, clusters=own, span=span)


def against(base, other, clusters=None, *, span=1.0, resamples=2000, seed=0):
    found = pair(base, other, clusters, span)
    return compare([found], Resampling(int(found.clusters.max()) + 1, seed=seed, resamples=resamples))[0]


def expanded(num_clusters: int) -> float:
    """The level whose percentiles are as far apart as so few clusters ask for."""
    stretch = math.sqrt(num_clusters / (num_clusters - 1)) * t_quantile(0.975, num_clusters - 1)
    return 1 - 2 * NormalDist().cdf(-stretch)


def test_the_interval_is_scipys_on_independent_cases():
    rng = np.random.default_rng(3)
    base, other = rng.random(23), rng.random(23)
    ours = against(base, other, seed=11).difference
    theirs = scipy_stats.bootstrap(
        (other - base,),
        np.mean,
        n_resamples=2000,
        method="percentile",
        confidence_level=expanded(23),
        rng=np.random.default_rng(11),
    ).confidence_interval
    assert ours.value == pytest.approx(np.mean(other - base), abs=1e-14)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-13)


def test_the_interval_of_clusters_is_scipys_on_their_sums():
    rng = np.random.default_rng(4)
    clusters = rng.integers(0, 12, 90)
    base, other = (rng.random(90) < 0.4).astype(float), (rng.random(90) < 0.7).astype(float)
    sums = np.array([(other - base)[clusters == cluster].sum() for cluster in range(12)])
    counts = np.array([(clusters == cluster).sum() for cluster in range(12)])

    def ratio(sums, counts, axis):
        return sums.sum(axis=axis) / counts.sum(axis=axis)

    ours = against(base, other, clusters, seed=5).difference
    theirs = scipy_stats.bootstrap(
        (sums, counts),
        ratio,
        paired=True,
        n_resamples=2000,
        method="percentile",
        confidence_level=expanded(12),
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-13)


def test_many_columns_at_once_are_what_each_is_alone():
    rng = np.random.default_rng(8)
    pairs = [pair(rng.random(60), rng.random(60), np.arange(60) // 2) for _ in range(3)]
    pairs.append(pair(rng.random(10), rng.random(10), np.arange(10) + 12))
    resampling = Resampling(30, seed=2, resamples=1200)
    together = compare(pairs, resampling)
    for found, each in zip(together, pairs, strict=True):
        assert found.difference.low == pytest.approx(compare([each], resampling)[0].difference.low, abs=1e-12)
        assert found.p_value == compare([each], resampling)[0].p_value
    assert together[3].difference.num_clusters == 10
    assert compare([], resampling) == []


def test_a_column_of_few_clusters_among_many_is_in_some_resamples_only():
    few = pair([0.0, 0.0, 0.0], [0.0, 0.5, 1.0], [3, 20, 21])
    found = compare([few, pair(np.zeros(40), np.ones(40))], Resampling(40, seed=0, resamples=500))[0].difference
    assert (found.low, found.high) == (0.0, 1.0) and found.num_clusters == 3


def test_wins_ties_losses_and_direction():
    found = against([0, 0, 1, 1, 0], [1, 1, 1, 0, 0])
    assert (found.higher, found.same, found.lower) == (2, 2, 1)
    assert found.difference.value == pytest.approx(0.2) and found.dominance == pytest.approx(0.2)
    mirrored = against([1, 1, 1, 0, 0], [0, 0, 1, 1, 0])
    assert mirrored.difference.value == pytest.approx(-0.2) and mirrored.lower == 2


def test_half_a_point_for_a_tie_counts_half():
    found = against([0.0, 0.5, 1.0], [0.5, 0.5, 1.0])
    assert found.difference.value == pytest.approx(1 / 6) and (found.higher, found.same) == (1, 2)


def test_effect_sizes_by_hand():
    found = against([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 3.0, 7.0], span=math.inf)
    gains = np.array([1.0, 2.0, 0.0, 3.0])
    assert found.effect_size == pytest.approx(1.5 / gains.std(ddof=1))
    assert found.dominance == 0.75
    assert against([0.0, 0.0], [1.0, 1.0]).effect_size is None


def test_the_detectable_difference_by_hand():
    gains = np.array([1.0, 0.0, 0.0, -1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0] * 3)[:25]
    found = against(np.zeros(25), gains)
    error = gains.std(ddof=1) / 5
    expected = (scipy_stats.t.ppf(0.975, 24) + scipy_stats.t.ppf(0.8, 24)) * error
    assert found.detectable == pytest.approx(expected, rel=1e-3)
    assert against([0.0] * 5, [0.0] * 5).detectable is None and against([0.0], [1.0]).detectable is None


def test_a_difference_of_the_detectable_size_is_found_four_times_in_five():
    rng = np.random.default_rng(12)
    truth = against(np.zeros(4000), rng.normal(0, 1, 4000), span=math.inf).detectable * math.sqrt(4000 / 40)
    hits = sum(
        against(np.zeros(40), rng.normal(truth, 1, 40), span=math.inf, resamples=500).p_value < 0.05 for _ in range(200)
    )
    assert 0.72 <= hits / 200 <= 0.88, hits / 200


def test_every_way_to_change_sides_is_counted_where_they_are_few():
    gains = [0.7, 0.2, 0.9, -0.1, 0.4, 0.8, 0.3]
    ours = against(np.zeros(7), gains).p_value
    theirs = scipy_stats.permutation_test(
        (np.array(gains),), np.sum, permutation_type="samples", n_resamples=math.inf, alternative="two-sided"
    ).pvalue
    assert ours == pytest.approx(theirs) and ours == pytest.approx(4 / 2**7)
    assert against(np.zeros(5), np.ones(5)).p_value == 2 / 2**5
    assert against(np.zeros(5), np.zeros(5)).p_value == 1


def test_many_clusters_change_sides_by_lot():
    rng = np.random.default_rng(1)
    gains = rng.normal(0.25, 1, 60)
    found = against(np.zeros(60), gains, span=math.inf, resamples=4000).p_value
    assert found == pytest.approx(scipy_stats.ttest_1samp(gains, 0).pvalue, abs=0.02)
    assert against(np.zeros(60), np.ones(60), resamples=999).p_value == 1 / 1000


def test_copies_of_a_case_do_not_change_the_test():
    gains = np.array([0.7, 0.2, 0.9, -0.1, 0.4])
    once = against(np.zeros(5), gains)
    repeated = against(np.zeros(50), np.tile(gains, 10), np.tile(np.arange(5), 10))
    assert repeated.p_value == once.p_value and repeated.detectable == pytest.approx(once.detectable)
    assert against(np.zeros(50), np.tile(gains, 10)).p_value < 0.01 < once.p_value


@pytest.mark.parametrize("steps", [1, 100])
def test_two_equal_models_differ_once_in_twenty(steps):
    rng = np.random.default_rng(9)
    rounds, clusters = 500, np.repeat(np.arange(25), 3)
    wrong = 0
    for seed in range(rounds):
        easy = np.repeat(rng.beta(1, 1, 25), 3)
        base, other = (rng.binomial(steps, easy) / steps for _ in range(2))
        wrong += against(base, other, clusters, resamples=400, seed=seed).p_value < 0.05
    assert 0.02 <= wrong / rounds <= 0.08, wrong / rounds


@pytest.mark.parametrize("num_clusters", [20, 60])
def test_intervals_cover_the_truth_about_as_often_as_they_say(num_clusters):
    rng = np.random.default_rng(7)
    rounds, size = 300, 4
    clusters = np.repeat(np.arange(num_clusters), size)
    covered = 0
    for _ in range(rounds):
        easy = np.repeat(rng.beta(2, 2, num_clusters), size)
        base = (rng.random(len(easy)) < easy).astype(float)
        other = (rng.random(len(easy)) < 0.2 + 0.8 * easy).astype(float)  # true shares: .5 and .6
        found = against(base, other, clusters, resamples=400, seed=1).difference
        covered += found.low <= 0.1 <= found.high
    assert 0.91 <= covered / rounds <= 0.985, covered / rounds


def test_same_seed_same_interval_and_another_seed_nearly():
    rng = np.random.default_rng(0)
    base, other = rng.random(60), rng.random(60)
    assert against(base, other, seed=1) == against(base, other, seed=1)
    first, second = (against(base, other, seed=seed, resamples=10_000).difference for seed in (1, 2))
    assert first != second and first.low == pytest.approx(second.low, abs=0.01)


def test_unanimous_cases_do_not_make_certainty():
    sweep = against([0.0] * 50, [1.0] * 50).difference
    assert sweep.value == 1 and sweep.high == 1 and sweep.low == pytest.approx(1 - (1 - 0.025 ** (1 / 50)))
    twins = against([1.0] * 50, [1.0] * 50).difference
    assert twins.low < 0 < twins.high and twins.high < 0.1


def test_what_has_no_end_is_spread_as_its_scores_are():
    twins = against([3.0, 9.0] * 25, [3.0, 9.0] * 25, span=math.inf).difference
    assert twins.high == pytest.approx(6 * (1 - 0.025 ** (1 / 50))) and twins.low == -twins.high


def test_runs_of_one_recipe_that_differ_widen_the_interval():
    rng = np.random.default_rng(6)
    base = np.zeros(200)
    good, poor = (rng.random(200) < 0.9).astype(float), (rng.random(200) < 0.5).astype(float)
    alike = against(base, np.stack([good, good, good])).difference
    unlike = against(base, np.stack([good, poor, good])).difference
    assert unlike.value == pytest.approx((2 * good.mean() + poor.mean()) / 3)
    assert unlike.high - unlike.low > 2 * (alike.high - alike.low)
    one = against(base, good).difference
    assert (alike.low, alike.high) == pytest.approx((one.low, one.high), abs=1e-12)


def test_very_many_clusters_are_as_good_as_normal(monkeypatch):
    rng = np.random.default_rng(10)
    base, other = (rng.random(400) < 0.5).astype(float), (rng.random(400) < 0.56).astype(float)
    runs = np.stack([other, (rng.random(400) < 0.75).astype(float)])
    drawn, drawn_runs = against(base, other, resamples=10_000), against(base, runs, resamples=10_000)
    monkeypatch.setattr(paired, "MANY", 100)
    normal, normal_runs = against(base, other), against(base, runs)
    for field in ("low", "high"):
        assert getattr(normal.difference, field) == pytest.approx(getattr(drawn.difference, field), abs=6e-3)
    assert normal.p_value == pytest.approx(drawn.p_value, abs=0.05) and 0.01 < drawn.p_value < 0.9
    width, drawn_width = (found.difference.high - found.difference.low for found in (normal_runs, drawn_runs))
    assert width > drawn_width > 1.2 * (drawn.difference.high - drawn.difference.low)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="same ones"):
        pair([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="no cases"):
        pair([], [])
    with pytest.raises(ValueError, match="finite"):
        pair([0.5, float("nan")], [0.5, 0.5])
