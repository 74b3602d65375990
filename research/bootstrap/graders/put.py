"""A turn that was put, of which replies are made by rule, and what is known of a text as a reply to it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from data_mix.curriculum.words import lexicon
from research.bootstrap.classroom.asking import Ask, Line, Want

WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """A turn that was put, and others of its band whose model answers it may borrow."""

    ask: Ask
    before: tuple[Line, ...]
    """What was said before it."""
    name: str
    """Of which task it is."""
    rng: random.Random
    others: Sequence[Ask]


Rule = Callable[[Put], str | None]
"""A reply to a turn, or None where it cannot be made so that it is surely what it shall be."""


def key(put: Put) -> str:
    """What was wanted: the longest point, as it is first listed."""
    return max((choices[0] for choices in put.ask.want.points), key=len)


def share(put: Put, text: str) -> float:
    """Of the points, those that stand in a text."""
    points = put.ask.want.points
    return sum(any(stands(each, text) for each in choices) for choices in points) / len(points)


def if_not_done(put: Put, text: str) -> str | None:
    """A text that lacks a point, or says what is wrong."""
    want: Want = put.ask.want
    lacks = any(not any(stands(each, text) for each in choices) for choices in want.points)
    return text if lacks or any(stands(each, text) for each in want.wrong) else None


def stands(phrase: str, text: str) -> bool:
    """Whether a phrase stands in a text, whole and in any case."""
    return f" {' '.join(WORD.findall(phrase.lower()))} " in f" {' '.join(WORD.findall(text.lower()))} "


def same(one: str, other: str) -> bool:
    """Whether two texts have the same words."""
    return WORD.findall(one.lower()) == WORD.findall(other.lower())


@cache
def known_words() -> tuple[str, ...]:
    """Words that the curriculum knows."""
    found = {noun.singular for noun in lexicon().nouns} | {verb.past for verb in lexicon().verbs}
    return tuple(sorted(found | {"a", "the", "is", "and", "I", "you", "it", "not", "to", "in", "because", "yes"}))
