"""How far a loop is."""

import pytest

from espalier.loops import pace
from espalier.loops.pace import Pace, TimeIsUp


class Clock:
    """Stands for time: it goes on when it is told to."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(pace, "time", found)
    return found


def test_what_is_left_is_told_by_what_was_done(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    steps = Pace(["sample", "train", "sample", "train", "judge"])
    steps.passed("sample")
    assert steps.left_s() is None
    with steps.step("train", "a policy"):
        clock.now += 100
    with steps.step("sample", "samples"):
        clock.now += 20
    assert steps.left_s() == 100 + 60, "a kind that was never timed takes as long as the others on the whole"
    assert "== a policy: step 2 of 5, 0:00 so far\n" in capsys.readouterr().out
    with steps.step("judge", "scores"):
        pass
    assert "== scores: step 4 of 5, 2:00 so far, about 2:40 left" in capsys.readouterr().out


def test_no_step_is_begun_when_the_time_is_up(clock: Clock) -> None:
    steps = Pace(["train", "train"], minutes=1)
    with steps.step("train", "one"):
        clock.now += 61
    with pytest.raises(TimeIsUp), steps.step("train", "two"):
        raise AssertionError


def test_what_a_step_took_that_was_given_up_is_told_too(clock: Clock) -> None:
    told: list[tuple[str, float]] = []
    steps = Pace(["train"], observer=lambda what, seconds: told.append((what, seconds)))
    with pytest.raises(KeyboardInterrupt), steps.step("train", "a policy"):
        clock.now += 60
        raise KeyboardInterrupt
    with steps.step("train", "a policy"):
        clock.now += 30
    assert told == [("a policy", 60), ("a policy", 30)] and steps.left_s() == 0
