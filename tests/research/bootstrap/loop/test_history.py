"""What a loop's rounds came to, over time."""

from __future__ import annotations

from research.bootstrap.loop.history import band_after


def test_the_band_after_some_time_is_that_of_the_last_round_that_was_done_by_then() -> None:
    rounds = [
        {"exam": f"a-r0{number}-exam", "next_band": band, "through": False} for number, band in enumerate((0, 2, 5))
    ]
    seconds = {"a-r00-trunk": 500.0, "a-r00-exam": 100.0, "a-r01-exam": 600.0, "a-r02-trunk": 1200.0}
    assert [band_after(minutes, rounds, seconds) for minutes in (5, 10, 20, 30, 40, 41)] == [0, 0, 2, 2, 5, None]
    rounds[-1]["through"] = True
    assert band_after(240, rounds, seconds) == 5 and band_after(30, [], {}) is None
