"""As few threads as are as fast as more, told by a clock that the tests wind."""

import pytest
import torch

from training import threads


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        ({4: 1.0, 2: 1.05, 1: 2.0}, 2),  # the second half of the threads brings nothing
        ({4: 1.0, 2: 1.9, 1: 3.6}, 4),
        ({4: 9.0, 2: 5.0, 1: 1.0}, 1),  # they wait for each other
    ],
)
def test_the_fewest_that_are_fast_enough(
    monkeypatch: pytest.MonkeyPatch, seconds: dict[int, float], chosen: int
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
    monkeypatch.setattr(threads, "_median", lambda work, number: seconds[number])
    assert threads.choose_threads(64, 8, 16) == chosen


def test_trying_changes_nothing_else() -> None:
    before, state = torch.get_num_threads(), torch.get_rng_state()
    assert threads.choose_threads(64, 8, 16) <= before
    assert torch.get_num_threads() == before and torch.equal(torch.get_rng_state(), state)


def test_one_thread_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(threads, "_median", lambda *_: pytest.fail("nothing to choose from"))
    assert threads.choose_threads(64, 8, 16) == 1
