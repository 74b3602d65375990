"""What the trained judge knows of a reply: a row of named numbers, and delexicalised n-grams."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from evaluation.cases import Messages
from evaluation.judges.features_moves import moves
from evaluation.judges.features_overlap import overlap
from evaluation.judges.features_reading import Judged, read
from evaluation.judges.features_terms import terms

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


@cache
def names() -> tuple[str, ...]:
    """What the facts are called."""
    nothing = read(_Plain([], "", ""))
    return (*moves(nothing.reply), *overlap(nothing))


@cache
def code_hash() -> str:
    """SHA-256 of the code that makes features: a judge understands only those it was taught with."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("features*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=_REMEMBERED)
def _described(messages: str, reply: str, answer: str) -> Features:
    reading = read(_Plain(json.loads(messages), reply, answer))
    facts = {**moves(reading.reply), **overlap(reading)}
    return Features(facts=tuple(facts.values()), terms=tuple(terms(reading)))
