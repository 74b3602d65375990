"""The age bands, what language each of them asks for, and the scores of what is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

BANDS = (
    "babble",
    "words",
    "two words",
    "phrases",
    "sentences",
    "questions and answers",
    "stories and explanations",
    "dialogue",
)
"""What a pupil of each band is asked for, by the band's number."""
LAST_BAND = len(BANDS) - 1
TOP_SCORE = 7
"""Grades run from 0 to this."""
USABLE, GOOD = 3, 6
"""Scores from which on an attempt is usable, and good."""


def by_band(given: Sequence[T]) -> tuple[T, ...]:
    """One value for each band, of as many values or of one for all. ValueError for another number of them."""
    if len(given) not in (1, len(BANDS)):
        raise ValueError(f"{len(given)} values; give one for all bands, or one for each of {len(BANDS)}")
    return tuple(given) * (len(BANDS) // len(given))


def share_from(scores: list[int], least: int) -> float | None:
    """The share of attempts of a score and above; `scores` has how many there were of each. None where none were."""
    return sum(scores[least:]) / sum(scores) if sum(scores) else None
