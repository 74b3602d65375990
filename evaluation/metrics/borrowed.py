"""What a reply is made of: whole runs of an earlier turn, or words picked from the dialogue and strung together.

Teachers take up words and bring their own; who has nothing to say borrows. Both are told by words alone, in any
language that writes its words apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from evaluation.cases.case import Case, Messages, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.stems import stem
from evaluation.metrics.stop_words import stop_stems
from evaluation.metrics.text import read
from evaluation.metrics.words import words
from evaluation.quantities.numerals import is_number, terms

_RUN = 4
"""Words of a run that two texts hardly share by chance; a turn that is shorter is a run as a whole."""
_LONGEST = 1000
"""Words of a text that are read."""
_FEWEST = 3
"""Words of a reply that has neighbours to speak of."""


@metric("says nothing that was not said before", better="lower")
def copied(case: Case, reply: Reply) -> Score:
    """The share of its content words that stand in runs lifted from an earlier turn, of four words or a whole turn."""
    said, taken = _lifted_from(_turns(case.messages), reply.text)
    stops = stop_stems(read(reply.text).language)
    content = [word.isdecimal() or (len(word) > 1 and stem(word) not in stops) for word in said]
    if not any(content) or not taken:
        return DOES_NOT_APPLY
    share = sum(is_taken and carries for is_taken, carries in zip(taken, content, strict=True)) / sum(content)
    return Score(share, _runs(said, taken))


@metric("is lifted word for word", better="lower")
def lifted(case: Case, reply: Reply) -> Score:
    """The share of its words, whatever they carry, that stand in such runs."""
    said, taken = _lifted_from(_turns(case.messages), reply.text)
    if not said or not taken:
        return DOES_NOT_APPLY
    return Score(sum(taken) / len(said), _runs(said, taken))


@metric("strings together words that never stood together", better="lower")
def strung_together(case: Case, reply: Reply) -> Score:
    """The share of its words that are content after content, both of the dialogue and never neighbours there."""
    said = terms(reply.text)[:_LONGEST]
    turns = _turns(case.messages)
    if len(said) < _FEWEST or not turns:
        return DOES_NOT_APPLY
    stops = stop_stems(read(reply.text).language)
    known, together = _neighbours(turns)
    strange = [
        pair
        for pair in pairwise(said)
        if pair not in together and known.issuperset(pair) and all(_carries(term, stops) for term in pair)
    ]
    return Score(len(strange) / len(said), quoted(*(" ".join(map(_plain, pair)) for pair in strange)))


@lru_cache(maxsize=64)
def _lifted_from(turns: tuple[str, ...], text: str) -> tuple[list[str], list[bool]]:
    """The words of a text, and of each whether it stands in a run of some turn's; nothing of the latter without turns.

    Both columns ask for it, one after the other.
    """
    said = words(text)[:_LONGEST]
    if not turns:
        return said, []
    return said, [any(each) for each in zip(*(_lifted(said, words(turn)[:_LONGEST]) for turn in turns), strict=True)]


def _runs(said: Sequence[str], taken: Sequence[bool]) -> str:
    run = " ".join(word for word, is_taken in zip(said, taken, strict=True) if is_taken)
    return quoted(run) if run else ""


def _turns(messages: Messages) -> tuple[str, ...]:
    return tuple(message["content"] for message in messages if message["role"] != "system")


@lru_cache(maxsize=256)
def _neighbours(turns: tuple[str, ...]) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The terms that were said, and the pairs of them that stood side by side."""
    said = [terms(turn)[:_LONGEST] for turn in turns]
    together = frozenset(pair for turn in said for pair in pairwise(turn))
    return frozenset(term for turn in said for term in turn), together


def _lifted(said: Sequence[str], turn: Sequence[str]) -> list[bool]:
    """Of each word, whether it stands in a run that `turn` has too."""
    size = min(_RUN, len(turn)) or 1
    runs = set(zip(*(turn[start:] for start in range(size)), strict=False))
    taken = [False] * len(said)
    for place in range(len(said) - size + 1):
        if tuple(said[place : place + size]) in runs:
            taken[place : place + size] = [True] * size
    return taken


def _carries(term: str, stops: frozenset[str]) -> bool:
    return is_number(term) or (len(term) > 1 and term not in stops)


def _plain(term: str) -> str:
    return term[1:] if is_number(term) else term
