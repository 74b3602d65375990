"""What a dialogue gives to check a reply by: its numbers, the learner's arithmetic, the solution's, what was asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from evaluation.cases.case import Messages
from evaluation.quantities.symbols import plain, symbols
from evaluation.truth.claims import Arithmetic, arithmetic

_QUESTION = re.compile(r"\bquestion is\s*:(.*)", re.DOTALL | re.IGNORECASE)
_ASKED = re.compile(r"[^.?!\n]*\?")
_END = re.compile(r"[.!?]+(?=\s|$|[\"')])|\n+")
_STATED = 3
"""A turn with so many numbers states a problem."""
_FEW_WORDS = 4
REMEMBERED = 1024
"""Dialogues of which it is kept what was worked out: many replies answer one."""

_SPOKEN = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "twice": Fraction(2),
    "double": Fraction(2),
    "triple": Fraction(3),
    "dozen": Fraction(12),
}

Numbers = frozenset[Fraction]
Turns = tuple[tuple[str, str], ...]
"""Role and content of each message."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """All that a reply is checked by. One dialogue has one, so what follows from it is remembered by it."""

    problem: str
    """The problem's statement; where none is marked as such, what the tutor said first."""
    tutors: str
    """All that the tutor said."""
    learners: str
    """All that the learner said."""
    worked_out: str
    """The solution, or empty."""
    given: Numbers
    """Numbers of the problem and of the tutor's turns."""
    learner: Numbers
    """Numbers of the learner's turns."""
    worked: Numbers
    """Numbers of the solution; empty where it is not known."""
    final: Fraction | None
    """The solution's last number."""
    last: tuple[Fraction, ...]
    """Numbers of the learner's last turn that has any, in order."""
    said: str
    """That turn."""
    last_turn: str
    """The learner's last turn."""
    theirs: tuple[Arithmetic, ...]
    """The learner's arithmetic, turn by turn."""
    solution: Arithmetic
    """The solution's."""
    asked: tuple[Arithmetic, ...]
    """That of the tutor's turns, the last first: "What is 15 - 6?"."""
    is_stated: bool
    """Whether the problem stands in the dialogue: without it, a number may come from what only the two can see."""

    @cached_property
    def known(self) -> Numbers:
        """All numbers that were said, or are of the solution."""
        return self.given | self.learner | self.worked


def turns(messages: Messages) -> Turns:
    """Who said what."""
    return tuple((message["role"], message["content"]) for message in messages)


@lru_cache(maxsize=REMEMBERED)
def ground(messages: Turns, answer: str) -> Ground:
    """What the turns of a dialogue and the solution give."""
    tutor = [text for role, text in messages if role != "user"]
    learner = [text for role, text in messages if role == "user"]
    marked = next((found[1] for _, text in messages if (found := _QUESTION.search(text))), "")
    said = next((text for text in reversed(learner) if numbers(text)), "")
    if not _is_short_of_words(learner[-1] if learner else "") and not numbers(learner[-1] if learner else ""):
        said = ""
    worked = numbers(answer)
    return Ground(
        problem=marked or (tutor[0] if tutor else learner[0] if learner else ""),
        tutors="\n".join(tutor),
        learners="\n".join(learner),
        worked_out=answer,
        given=frozenset().union(*(map(numbers_of, tutor)), numbers_of(marked)),
        learner=frozenset().union(*map(numbers_of, learner)),
        worked=numbers_of(answer),
        final=worked[-1] if worked else None,
        last=numbers(said),
        said=said,
        last_turn=learner[-1] if learner else "",
        theirs=tuple(map(arithmetic, learner)),
        solution=arithmetic(answer),
        asked=tuple(map(arithmetic, reversed(tutor))),
        is_stated=bool(marked or worked) or any(len(set(numbers(text))) >= _STATED for _, text in messages),
    )


def _is_short_of_words(text: str) -> bool:
    return len(text.split()) <= _FEW_WORDS


def numbers(text: str) -> tuple[Fraction, ...]:
    """The numbers of a text, in order, as written."""
    return tuple(each.value for each in symbols(text) if each.value is not None)


def numbers_of(text: str) -> Numbers:
    """The numbers that a text gives: those written, what its fractions and percentages come to."""
    said = symbols(text)
    found = set(numbers(text))
    for place, each in enumerate(said):
        following = said[place + 1].text if place + 1 < len(said) else ""
        if each.value is None:
            if each.text in _SPOKEN:
                found.add(_SPOKEN[each.text])
        elif following in ("%", "percent", "per"):
            found |= {each.value / 100, 100 - each.value, 1 - each.value / 100}
        elif following == "/" and place + 2 < len(said) and (below := said[place + 2].value):
            found.add(each.value / below)
        elif each.value.denominator > 1:
            found |= {Fraction(each.value.numerator), Fraction(each.value.denominator)}
    return frozenset(found)


def digits(values: Iterable[Fraction]) -> Numbers:
    """The digits of numbers: what is said of place values."""
    return frozenset(Fraction(int(digit)) for value in values for digit in str(float(value)) if digit.isdecimal())


@lru_cache(maxsize=256)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Where each sentence of the plain text begins and ends."""
    whole = plain(text)
    ends = [found.end() for found in _END.finditer(whole)] + [len(whole)]
    starts = [0, *ends[:-1]]
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if whole[start:end].strip())


def within(place: int, spans: Sequence[tuple[int, int]]) -> int:
    """Which span holds `place`; the last where none does."""
    return next((number for number, (_, end) in enumerate(spans) if place < end), len(spans) - 1)
