"""How teachers rate a tutor's reply: by which columns, what each verdict is worth, and what all of them come to.

A rated row of a mix (`rows.py`) has one reply, and in `meta["ratings"]` by column a number from 0 to 1. The columns
that are known are MRBench's (Maurya et al. 2025, arXiv:2412.09416), one of the moves that the teachers of MathDial
(Macina et al. 2023, arXiv:2305.14536) chose, and `preferred`, what a reply is worth on the whole; any others may stand
beside them, and more is better there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal

PREFERRED = "preferred"
"""The column of what a reply is worth on the whole."""
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MOST_COLUMNS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """The verdicts that there are by one column."""

    values: dict[str, float]
    """Each verdict and what it is worth, 0 to 1, the least first."""
    better: Literal["higher", "lower"] = "higher"
    """Whether more of it is better."""


_EXTENT = {"No": 0.0, "To some extent": 0.5, "Yes": 1.0}
SCALES: dict[str, Scale] = {
    "mistake_identification": Scale(values=_EXTENT),
    "mistake_location": Scale(values=_EXTENT),
    "revealing_of_the_answer": Scale(values={"No": 0.0, "Yes": 1.0}, better="lower"),
    "providing_guidance": Scale(values=_EXTENT),
    "guiding": Scale(values={"Telling": 0.0, "Generic": 0.5, "Guiding": 1.0}),
    "actionability": Scale(values=_EXTENT),
    "coherence": Scale(values=_EXTENT),
    "tutor_tone": Scale(values={"Offensive": 0.0, "Neutral": 0.5, "Encouraging": 1.0}),
    "humanlikeness": Scale(values=_EXTENT),
}
"""By column."""

WEIGHTS = {
    "mistake_identification": 0.15,
    "mistake_location": 0.05,
    "providing_guidance": 0.1,
    "guiding": 0.3,
    "actionability": 0.3,
    "revealing_of_the_answer": 0.1,
}
"""What each verdict counts for a reply's worth. What the learner is to do, and that the learner does it, count
most. Guidance as MRBench has it is help of any kind, which cannot tell guiding from telling; the two about the mistake
depend on each other, and the one that new tutors' replies tell less surely counts least."""
_OPTIONAL = "guiding"
"""Labelled in corpora of its own; without it the other weights make up the whole."""


def missing(known: Container[str]) -> list[str]:
    """The columns that a reply's worth takes and that are not `known`."""
    return [name for name in WEIGHTS if name not in known and name != _OPTIONAL]


def weighted(verdicts: Mapping[str, float]) -> float:
    """What the verdicts by `WEIGHTS` come to, 0 to 1; none of them may be `missing`."""
    given = {name: weight for name, weight in WEIGHTS.items() if name in verdicts or name != _OPTIONAL}
    good = {name: 1 - verdicts[name] if _is_lower(name) else verdicts[name] for name in given}
    return sum(weight * good[name] for name, weight in given.items()) / sum(given.values())


def is_best(ratings: Mapping[str, float]) -> bool:
    """Whether nothing could be better by any column: such a reply alone may be trained as a good one."""
    return all(value == (0.0 if _is_lower(name) else 1.0) for name, value in ratings.items())


def check_ratings(ratings: Any) -> dict[str, float]:
    """The columns that were rated, as numbers from 0 to 1; what is null was not. ValueError for anything else."""
    if not isinstance(ratings, dict):
        raise ValueError("must be an object of columns and numbers")
    given = {name: value for name, value in ratings.items() if value is not None}
    if not given:
        raise ValueError("rates nothing")
    if len(given) > _MOST_COLUMNS:
        raise ValueError(f"has {len(given)} columns, and at most {_MOST_COLUMNS} are read")
    for name, value in given.items():
        if not isinstance(name, str) or not _COLUMN.fullmatch(name):
            raise ValueError("has a column that is not called by small letters, digits and _")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and math.isfinite(value) and 0 <= value <= 1):
            raise ValueError(f"{name} is no number from 0 to 1")
    return {name: float(value) for name, value in given.items()}


def _is_lower(name: str) -> bool:
    return name in SCALES and SCALES[name].better == "lower"
