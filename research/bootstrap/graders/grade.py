"""What a reply is worth: English and task, gated by a stated table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from research.bootstrap.bands import BANDS, TOP_SCORE
from research.bootstrap.classroom.asking import Line, Want
from research.bootstrap.graders.english import english
from research.bootstrap.graders.task import task

_SENTENCES = BANDS.index("sentences")
"""Of bands behind it, who is asked for several points as a statement or a question is asked for a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    """What one reply is worth."""

    english: int
    """Language at the level asked for, 0 to 7."""
    task: int
    """What was asked, 0 to 7."""
    score: int
    """Both, by `gate.yaml`, 0 to 7."""
    why: str
    """What decided it."""


def grade(want: Want, band: int, reply_text: str, ended: bool, before: Sequence[Line]) -> Grade:
    """What a reply of `band` is worth. `ended` says whether it ended by itself, `before` is what was said before it."""
    sentence = band > _SENTENCES and want.form != "any" and len(want.points) > 1
    spoken, done = english(band, reply_text, ended, sentence=sentence), task(want, band, reply_text, before)
    score = gate()[spoken.score][done.score]
    return Grade(english=spoken.score, task=done.score, score=score, why=f"English: {spoken.why}; task: {done.why}")


@cache
def gate() -> tuple[tuple[int, ...], ...]:
    """The score by English and task."""
    text = (Path(__file__).parent / "gate.yaml").read_text(encoding="utf-8")
    rows = tuple(tuple(row) for row in yaml.safe_load(text)["score"])
    size = TOP_SCORE + 1
    if len(rows) != size or any(len(row) != size or not set(row) <= set(range(size)) for row in rows):
        raise ValueError(f"gate.yaml: wants {size} rows of {size} scores, 0 to {TOP_SCORE}")
    return rows
