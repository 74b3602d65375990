"""What ends a loop, by the rounds it has done."""

from __future__ import annotations

from typing import Any

from research.bootstrap.bands import BANDS, LAST_BAND
from research.bootstrap.loop.config import Stop
from research.bootstrap.loop.stopping import stopped

STOP = Stop(plateau=2)


def done(next_band: int, shares: dict[int, float]) -> dict[str, Any]:
    """A round that left the pupil at a band, with shares of 0.5 where none are told."""
    told = [shares.get(band, 0.5) for band in range(len(BANDS))]
    return {"next_band": next_band, "through": False, "shares": told, "trained_tokens": 1}


def test_at_the_last_band_what_grows_in_any_band_is_no_plateau() -> None:
    here = [done(LAST_BAND, {2: share, LAST_BAND: 0.99}) for share in (0.4, 0.5, 0.6)]
    assert stopped(here, STOP) == ""
    stuck = [done(LAST_BAND, {2: share, LAST_BAND: 0.9}) for share in (0.5, 0.3, 0.5)]
    assert stopped(stuck, STOP) == (
        "a plateau: in 2 rounds the share of all bands that is done came to 0.550 at the most, and was 0.550 before"
    )


def test_before_it_only_the_present_band_counts() -> None:
    here = [done(3, {2: share}) for share in (0.4, 0.5, 0.6)]
    assert stopped(here, STOP).startswith(
        "a plateau: in 2 rounds the share of band 3, phrases, that is done came to 0.5"
    )
