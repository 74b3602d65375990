"""What the learner is to find, as a value and as words: of a worked solution, its last number."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from evaluation.controls.base import Scene
from evaluation.controls.spelling import figure, spelled
from evaluation.metrics.answer import sought
from evaluation.metrics.words import find
from evaluation.quantities.numerals import is_number, terms, value_of

_CLAUSE = 3
_SAID_AT_ONCE = 120
"""Characters at most of an answer that is told within a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the learner is to find."""

    value: Fraction | None
    """The number, if it is one."""
    text: str
    """As it is said: in figures, or in the words of the solution."""
    run: tuple[str, ...]
    """As terms."""

    @property
    def is_clause(self) -> bool:
        """Whether it is something that the learner is to say, not the name or the number of a thing."""
        return len(self.run) >= _CLAUSE and not any(map(is_number, self.run))

    @property
    def in_words(self) -> str | None:
        """In English words; None for a number that has none of a bearable length."""
        return self.text if self.value is None else spelled(self.value)

    def is_in(self, text: str) -> bool:
        """Whether it stands in a text."""
        return bool(find(terms(text), self.run))


def answer_of(scene: Scene) -> Answer | None:
    """None where there is no solution, or more than can be said in a sentence."""
    runs = sought(scene.answer)
    if not runs:
        return None
    run = runs[0]
    if len(run) == 1 and is_number(run[0]):
        value = value_of(run[0])
        return Answer(value=value, text=figure(value), run=run)
    return (
        Answer(value=None, text=scene.answer.strip().rstrip("."), run=run)
        if len(scene.answer) <= _SAID_AT_ONCE
        else None
    )
