"""Agreement with teachers, beside scikit-learn and a plain bootstrap."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from evaluation.judges.agreement import (
    Resamples,
    agreement,
    confusions,
    correlation,
    lenient,
    macro_f1,
    macro_f1_gain,
)
from evaluation.judges.base import DIMENSIONS

EXTENT = DIMENSIONS["actionability"]
YES_OR_NO = DIMENSIONS["revealing_of_the_answer"]
TONE = DIMENSIONS["tutor_tone"]


@pytest.fixture
def said() -> tuple[np.ndarray, np.ndarray, np.ndarray, Resamples]:
    """120 replies in 30 clusters: verdicts of a teacher, of a judge who is often right, and the judge's values."""
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 3, 120)
    decided = np.where(rng.random(120) < 0.6, truth, rng.integers(0, 3, 120))
    values = np.clip(decided / 2 + rng.normal(0, 0.2, 120), 0, 1)
    return truth, decided, values, Resamples([number // 4 for number in range(120)], count=500, seed=1)


def test_figures_are_those_of_scikit_learn(said):
    truth, decided, values, resamples = said
    found = agreement(EXTENT, truth, decided, values, np.arange(120), resamples)
    merged = np.where(truth == 0, 0, 1), np.where(decided == 0, 0, 1)
    assert found.macro_f1.value == pytest.approx(f1_score(truth, decided, average="macro"))
    assert found.lenient_macro_f1.value == pytest.approx(f1_score(*merged, average="macro"))
    assert found.kappa.value == pytest.approx(cohen_kappa_score(truth, decided, weights="quadratic"))
    assert found.pearson.value == pytest.approx(np.corrcoef(truth / 2, values)[0, 1])
    assert found.macro_f1.num_cases == 120 and found.macro_f1.num_clusters == 30


def test_with_two_verdicts_kappa_is_the_plain_one_and_lenient_is_exact(said):
    truth, decided, values, resamples = said
    found = agreement(YES_OR_NO, truth % 2, decided % 2, values, np.arange(120), resamples)
    assert found.kappa.value == pytest.approx(cohen_kappa_score(truth % 2, decided % 2))
    assert found.lenient_macro_f1 == found.macro_f1


def test_the_interval_is_that_of_drawing_whole_clusters(said):
    truth, decided, values, resamples = said
    found = agreement(EXTENT, truth, decided, values, np.arange(120), resamples).macro_f1
    rng = np.random.default_rng(0)
    slow = []
    for _ in range(2000):
        rows = np.concatenate([np.arange(4 * c, 4 * c + 4) for c in rng.integers(0, 30, 30)])
        slow.append(f1_score(truth[rows], decided[rows], average="macro"))
    assert [found.low, found.high] == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.02)


def test_replies_that_come_in_clusters_widen_the_interval():
    truth, decided = np.tile([0, 0, 2, 2], 30), np.tile([0, 2, 2, 0], 30)
    decided[::7] = truth[::7]
    copies = np.repeat(np.arange(120), 10)
    alone = Resamples(list(range(1200)), count=400)
    together = Resamples(copies.tolist(), count=400)
    rows = np.arange(1200)
    wide, narrow = (
        agreement(EXTENT, truth[copies], decided[copies], decided[copies] / 2, rows, each).macro_f1
        for each in (together, alone)
    )
    assert wide.value == narrow.value
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_some_of_the_replies_alone(said):
    truth, decided, values, resamples = said
    rows = np.arange(0, 120, 3)
    found = agreement(EXTENT, truth[rows], decided[rows], values[rows], rows, resamples)
    assert found.macro_f1.value == pytest.approx(f1_score(truth[rows], decided[rows], average="macro"))
    assert found.macro_f1.num_cases == 40


def test_a_verdict_that_neither_side_gives_does_not_count():
    truth, decided = np.array([1, 2, 1, 2]), np.array([1, 2, 1, 1])
    tables = confusions(TONE, truth, decided, np.arange(4), Resamples([0, 1, 2, 3], count=100))
    assert macro_f1(tables)[0] == pytest.approx(f1_score(truth, decided, average="macro"))


def test_lenient_takes_some_extent_for_yes_and_leaves_other_verdicts():
    table = np.array([[[5.0, 1, 0], [2, 3, 4], [0, 6, 7]]])
    assert lenient(EXTENT, table).tolist() == [[[5, 1], [2, 20]]]
    assert lenient(TONE, table).tolist() == table.tolist()


def test_a_judge_that_always_says_the_same_agrees_by_no_more_than_chance(said):
    truth, _, _, resamples = said
    found = agreement(EXTENT, truth, np.full(120, 2), np.full(120, 1.0), np.arange(120), resamples)
    assert found.kappa.value == pytest.approx(0) and found.pearson.value == 0
    assert (found.pearson.low, found.pearson.high) == (0, 0)


def test_a_perfect_judge(said):
    truth, _, _, resamples = said
    found = agreement(EXTENT, truth, truth, truth / 2, np.arange(120), resamples)
    for figure in (found.macro_f1, found.lenient_macro_f1, found.pearson, found.kappa):
        assert (figure.low, figure.value, figure.high) == pytest.approx((1, 1, 1))


def test_a_gain_is_paired(said):
    truth, decided, _, resamples = said
    rows = np.arange(120)
    nothing = macro_f1_gain(EXTENT, truth, decided, decided, rows, resamples)
    assert (nothing.low, nothing.value, nothing.high) == (0, 0, 0)
    worse = np.full(120, 2)
    gain = macro_f1_gain(EXTENT, truth, decided, worse, rows, resamples)
    assert gain.value == pytest.approx(
        f1_score(truth, decided, average="macro") - f1_score(truth, worse, average="macro")
    )
    assert gain.low > 0


def test_correlation_keeps_its_digits_far_from_nothing(said):
    _, _, values, resamples = said
    other = values + np.random.default_rng(3).normal(0, 0.1, 120)
    near = correlation(values, other, np.arange(120), resamples)
    far = correlation(values + 1e6, other, np.arange(120), resamples)
    assert far.value == pytest.approx(near.value, abs=1e-6) == np.corrcoef(values, other)[0, 1]


def test_the_same_seed_draws_the_same():
    one, two, other = (Resamples(["a", "b", "c"] * 9, count=100, seed=seed).weights for seed in (0, 0, 1))
    assert (one == two).all() and not (one == other).all()
    assert (one[0] == 1).all() and (one.sum(axis=1) == 3).all()
