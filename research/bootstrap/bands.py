"""The age bands, and what language each of them asks for."""

from __future__ import annotations

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
