"""What ends a loop before its rounds are done, each rule with the sentence that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from research.bootstrap.bands import BANDS, LAST_BAND
from research.bootstrap.loop.config import Stop


def stopped(rounds: Sequence[Mapping[str, Any]], stop: Stop) -> str:
    """Why the loop ends after these rounds; empty where it goes on."""
    if stop.last_band and rounds[-1]["through"]:
        return "the examinations of all bands are passed in one round"
    if stop.plateau and (reached := _plateau(rounds, stop.plateau)):
        return reached
    tokens = sum(each["trained_tokens"] for each in rounds)
    if stop.trained_tokens and tokens >= stop.trained_tokens:
        return f"{tokens:,} tokens were trained on, of {stop.trained_tokens:,} that were allowed"
    return ""


def _plateau(rounds: Sequence[Mapping[str, Any]], patience: int) -> str:
    """Whether the last `patience` rounds passed nothing and brought nothing, against those before at the same band. At
    the last one it is all bands that have to be done."""
    band = rounds[-1]["next_band"]
    share, of = (_of_all, "all bands") if band == LAST_BAND else (itemgetter(band), f"band {band}, {BANDS[band]},")
    here = [share(each["shares"]) for each in rounds if each["next_band"] == band]
    earlier, last = here[:-patience], here[-patience:]
    if not earlier or max(last) > max(earlier):
        return ""
    return (
        f"a plateau: in {patience} rounds the share of {of} that is done came to {max(last):.3f} at the most, and was "
        f"{max(earlier):.3f} before"
    )


def _of_all(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares)
