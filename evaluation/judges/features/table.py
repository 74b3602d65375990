"""What the trained judge knows of a reply: a row of named numbers, and delexicalised n-grams."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from evaluation.cases.case import Messages
from evaluation.judges.features.moves import moves
from evaluation.judges.features.overlap import overlap
from evaluation.judges.features.reading import Judged, Reading, read
from evaluation.judges.features.terms import terms
from evaluation.judges.features.truth import truth
from evaluation.judges.features.wording import wording

_REMEMBERED = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """One reply's features."""

    facts: tuple[float, ...]
    """The numbers, in the order of `names()`."""
    terms: tuple[str, ...]
    """The n-grams, repeated as often as they occur."""


@dataclass(frozen=True, slots=True)
class _Plain:
    messages: Messages
    reply: str
    answer: str


def describe(item: Judged) -> Features:
    """The features of one reply. Cross-validation asks for them again and again, so they are remembered."""
    return _described(json.dumps(item.messages), item.reply, item.answer)


def names() -> tuple[str, ...]:
    """What the facts are called."""
    nothing = _Plain([], "", "")
    return tuple(_facts(nothing, read(nothing)))


@lru_cache(maxsize=_REMEMBERED)
def _described(messages: str, reply: str, answer: str) -> Features:
    item = _Plain(json.loads(messages), reply, answer)
    reading = read(item)
    return Features(facts=tuple(_facts(item, reading).values()), terms=tuple(terms(reading)))


def _facts(item: Judged, reading: Reading) -> dict[str, float]:
    return {
        **moves(reading.reply),
        **overlap(reading),
        **wording(reading.reply),
        **truth(item.messages, item.reply, item.answer),
    }
