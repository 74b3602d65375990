"""A budget is never passed, in whatever it is counted."""

import pytest
import torch

from espalier.errors import UserError
from research.autoresearch.kit.budget import Budget, flops_of


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("amount", "unit"), [(0, "seconds"), (-1, "tokens"), (float("nan"), "flops"), (1, "hours")])
def test_what_is_no_budget_is_refused(amount: float, unit: str) -> None:
    with pytest.raises(UserError, match="budget"):
        Budget(amount, unit)


def test_seconds_count_from_the_start_and_are_not_passed() -> None:
    clock = Clock()
    budget = Budget(10, clock=clock)
    clock.now += 50  # imports
    budget.start()
    seen = []
    while not budget.done:
        seen.append(budget.progress)
        clock.now += 3
        budget.spend(tokens=7)
    assert seen == [0.0, 0.3, 0.6]
    assert (budget.seconds, budget.steps, budget.tokens) == (9.0, 3, 21), "a fourth step would have passed it"


def test_tokens_do_not_look_at_the_clock() -> None:
    clock = Clock()
    budget = Budget(100, "tokens", clock=clock)
    budget.start()
    while not budget.done:
        clock.now += 1e6
        budget.spend(tokens=40)
    assert (budget.tokens, budget.progress) == (80, 0.8)


def test_a_first_step_may_be_more_than_all_of_it() -> None:
    budget = Budget(5, "flops")
    budget.start()
    assert not budget.done
    budget.spend(tokens=1, flops=8.0)
    assert budget.done and budget.progress == 1.0


def test_a_step_that_spends_nothing_of_the_unit_is_told() -> None:
    budget = Budget(5, "flops")
    budget.start()
    with pytest.raises(ValueError, match="flops"):
        budget.spend(tokens=1)


def test_a_budget_in_seconds_has_to_be_started() -> None:
    with pytest.raises(ValueError, match="never started"):
        Budget(5).done  # noqa: B018


def test_flops_are_those_of_the_products() -> None:
    a, b = torch.ones(3, 5), torch.ones(5, 7)
    result, flops = flops_of(lambda: a @ b)
    assert flops == 2 * 3 * 5 * 7 and torch.equal(result, a @ b)
