import numpy as np
import pytest
from scipy import stats

from tests.training.monitors.looks import Remembered, config, look
from training.monitors.chance import FALSE_ALARMS, lower_bound, more_often, spent


@pytest.mark.parametrize("every", [[100] * 10, [10] * 100, [100, 250, 50, 600]])
def test_all_looks_of_a_run_spend_its_false_alarms_once_however_often_it_looks(every: list[int]) -> None:
    steps = [0, *np.cumsum(every).tolist()]
    last: list[tuple[int, float]] = []
    total = 0.0
    for step in steps:
        total += spent(look(step, Remembered(), config=config(steps=1000)), last)
        last.append((step, 1.0))
    assert total == pytest.approx(FALSE_ALARMS)


def test_the_first_look_spends_nothing() -> None:
    assert spent(look(500, Remembered()), []) == 0.0


def test_a_bound_is_passed_no_more_often_than_its_level_says_and_is_of_use() -> None:
    chance = np.random.default_rng(0)
    level = 0.02
    for draw in (
        chance.normal,
        lambda size: chance.standard_t(3, size=size),
        lambda size: chance.choice([-1, 1], size),
    ):
        bounds = np.array([lower_bound(draw(size=30), level) for _ in range(2000)])
        assert (bounds > 0).mean() <= level
    shifted = np.array([lower_bound(1 + chance.normal(size=30), level) for _ in range(200)])
    assert (shifted > 0).mean() > 0.95


def test_a_bound_moves_with_what_it_bounds() -> None:
    values = [0.1, 0.4, 0.2, 0.9, -0.3, 0.5, 0.7, 0.2, 0.1, 0.6]
    assert lower_bound([value + 2 for value in values], 0.1) == pytest.approx(lower_bound(values, 0.1) + 2)
    assert lower_bound(values, 0.01) < lower_bound(values, 0.1) < np.mean(values)


def test_too_few_values_bound_nothing() -> None:
    assert lower_bound([5.0] * 8, 1e-4) == -np.inf
    assert lower_bound([5.0] * 40, 1e-4) == pytest.approx(5.0)
    assert lower_bound([], 0.1) == lower_bound([5.0] * 40, 0.0) == -np.inf


def test_more_often_is_fishers_test_and_allows_for_odds() -> None:
    exact = stats.fisher_exact([[9, 3], [2, 20]], alternative="greater").pvalue
    assert more_often((9, 12), (2, 22)) == pytest.approx(exact)
    assert more_often((9, 12), (2, 22), odds=2.0) > exact
    assert more_often((0, 12), (0, 22)) == more_often((3, 3), (0, 0)) == 1.0
