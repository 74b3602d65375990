import numpy as np
import pytest
from scipy import stats as scipy_stats

from evaluation.stats import Estimate, paired_bootstrap, proportion, wilson


def test_wilson_against_published_values():
    # Newcombe (1998), table I: 81 of 263 and 15 of 148, score method without continuity correction.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_is_scipys():
    for hits, trials in [(0, 5), (3, 7), (40, 40), (99, 250)]:
        expected = scipy_stats.binomtest(hits, trials).proportion_ci(method="wilson")
        assert wilson(hits / trials, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_proportion_of_independent_cases_is_wilson():
    values = [1.0] * 30 + [0.0] * 10
    found = proportion(values)
    assert (found.value, found.num_cases, found.num_clusters) == (0.75, 40, 40)
    # Without clusters the variance over "clusters" has the factor n / (n - 1), hence not exactly.
    assert (found.low, found.high) == pytest.approx(wilson(0.75, 40), abs=3e-3)


def test_copies_of_a_case_add_no_certainty():
    values = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    once = proportion(values, range(8))
    repeated = proportion(values * 10, [*range(8)] * 10)
    assert repeated.num_cases == 80 and repeated.num_clusters == 8
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))
    assert repeated.high - repeated.low > 2 * (proportion(values * 10).high - proportion(values * 10).low)


def test_all_right_counts_clusters_not_cases():
    found = proportion([1.0] * 100, [number // 10 for number in range(100)])
    assert found.high == 1 and found.low == pytest.approx(wilson(1.0, 10)[0])


def test_bootstrap_is_scipys_on_independent_cases():
    rng = np.random.default_rng(3)
    base, other = rng.random(23), rng.random(23)
    ours = paired_bootstrap(base, other, resamples=2000, seed=11).difference
    theirs = scipy_stats.bootstrap(
        (other - base,), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(11)
    ).confidence_interval
    assert ours.value == pytest.approx(np.mean(other - base), abs=1e-14)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-13)


def test_bootstrap_of_clusters_is_scipys_on_their_sums():
    rng = np.random.default_rng(4)
    clusters = rng.integers(0, 12, 90)
    base, other = (rng.random(90) < 0.4).astype(float), (rng.random(90) < 0.7).astype(float)
    order = list(dict.fromkeys(clusters.tolist()))
    sums = np.array([(other - base)[clusters == cluster].sum() for cluster in order])
    counts = np.array([(clusters == cluster).sum() for cluster in order])

    def ratio(sums, counts, axis):
        return sums.sum(axis=axis) / counts.sum(axis=axis)

    ours = paired_bootstrap(base, other, clusters.tolist(), resamples=2000, seed=5).difference
    theirs = scipy_stats.bootstrap(
        (sums, counts), ratio, paired=True, n_resamples=2000, method="percentile", rng=np.random.default_rng(5)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-13)


def test_wins_ties_losses_and_direction():
    found = paired_bootstrap([0, 0, 1, 1, 0], [1, 1, 1, 0, 0])
    assert (found.higher, found.same, found.lower) == (2, 2, 1)
    assert found.difference.value == pytest.approx(0.2)
    mirrored = paired_bootstrap([1, 1, 1, 0, 0], [0, 0, 1, 1, 0])
    assert mirrored.difference.value == pytest.approx(-0.2) and mirrored.lower == 2


def test_same_seed_same_interval_and_another_seed_nearly():
    rng = np.random.default_rng(0)
    base, other = rng.random(60), rng.random(60)
    assert paired_bootstrap(base, other, seed=1) == paired_bootstrap(base, other, seed=1)
    first, second = (paired_bootstrap(base, other, seed=seed).difference for seed in (1, 2))
    assert first != second and first.low == pytest.approx(second.low, abs=0.01)


def test_unanimous_cases_do_not_make_certainty():
    sweep = paired_bootstrap([0.0] * 50, [1.0] * 50).difference
    assert sweep.value == 1 and sweep.high == 1 and sweep.low == pytest.approx(1 - (1 - 0.025 ** (1 / 50)))
    twins = paired_bootstrap([1.0] * 50, [1.0] * 50).difference
    assert twins.low < 0 < twins.high and twins.high < 0.1


def test_runs_of_one_recipe_that_differ_widen_the_interval():
    rng = np.random.default_rng(6)
    base = np.zeros(200)
    good, poor = (rng.random(200) < 0.9).astype(float), (rng.random(200) < 0.5).astype(float)
    alike = paired_bootstrap(base, np.stack([good, good, good])).difference
    unlike = paired_bootstrap(base, np.stack([good, poor, good])).difference
    assert unlike.value == pytest.approx((2 * good.mean() + poor.mean()) / 3)
    assert unlike.high - unlike.low > 2 * (alike.high - alike.low)
    one = paired_bootstrap(base, good).difference
    assert (alike.low, alike.high) == pytest.approx((one.low, one.high), abs=1e-12)


@pytest.mark.parametrize("clustered", [False, True])
def test_intervals_cover_the_truth_about_as_often_as_they_say(clustered):
    rng = np.random.default_rng(7)
    rounds, num_clusters, size = 300, 60, 4
    clusters = [number // size for number in range(num_clusters * size)]
    covered = {"share": 0, "difference": 0}
    for _ in range(rounds):
        easy = np.repeat(rng.beta(2, 2, num_clusters), size) if clustered else np.full(num_clusters * size, 0.5)
        base = (rng.random(len(easy)) < easy).astype(float)
        other = (rng.random(len(easy)) < 0.2 + 0.8 * easy).astype(float)  # true shares: .5 and .6
        share = proportion(other, clusters)
        difference = paired_bootstrap(base, other, clusters, resamples=400, seed=1).difference
        covered["share"] += share.low <= 0.6 <= share.high
        covered["difference"] += difference.low <= 0.1 <= difference.high
    assert all(0.91 <= count / rounds <= 0.985 for count in covered.values()), covered


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="same cases"):
        paired_bootstrap([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="no cases"):
        paired_bootstrap([], [])
    with pytest.raises(ValueError, match="finite"):
        proportion([0.5, float("nan")])
    with pytest.raises(ValueError, match="clusters"):
        proportion([0.5, 0.5], ["a"])
    with pytest.raises(ValueError):
        Estimate(value=0.5, low=0.9, high=0.1, num_cases=1, num_clusters=1)
