"""Relations of the problem's turned round: "5 fewer than Ann" where it says "5 more than Ann"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from evaluation.quantities.symbols import Symbol, plain, symbols
from evaluation.truth.dialogue import REMEMBERED, Ground

_WORDS_OF_MORE = "more greater larger bigger higher longer older taller heavier faster"
_MORE = frozenset(_WORDS_OF_MORE.split())
_WORDS_OF_LESS = "less fewer smaller lower shorter younger lighter slower"
_LESS = frozenset(_WORDS_OF_LESS.split())
_DIRECTIONS = _MORE | _LESS
_BETWEEN = 3
"""So many words may stand between the number and its direction: "5 dollars less"."""
_COMPARED = 5
"""So many words behind "than" say what it is compared with."""
_WORDS_OF_EMPTY = "the a an of what that he she they it we you had has have is was were as many much are"
_EMPTY = frozenset(_WORDS_OF_EMPTY.split())


@dataclass(frozen=True, slots=True)
class Relation:
    """So much more, or less, than something."""

    by: Fraction
    """How much."""
    more: bool
    """Whether it is more."""
    than: frozenset[str]
    """Words of what it is compared with."""
    text: str
    """As it was said."""


def turned_round(ground: Ground, reply: str) -> str:
    """A relation of the problem's that the reply turns round, in words; empty for none.

    "Ann has 5 fewer than Ben" says the same as "Ben has 5 more than Ann", so both have to compare with the same.
    """
    theirs = _of_problem(ground)
    for each in relations(reply) if theirs else ():
        alike = [other for other in theirs if other.by == each.by and other.than & each.than]
        if alike and all(other.more != each.more for other in alike):
            return f"“{each.text}”, where the problem says “{alike[0].text}”"
    return ""


@lru_cache(maxsize=REMEMBERED)
def _of_problem(ground: Ground) -> tuple[Relation, ...]:
    return tuple(relations(ground.problem))


def relations(text: str) -> Iterator[Relation]:
    """The relations of `text` that have a number and something to compare with."""
    said, whole = symbols(text), plain(text)
    for place, each in enumerate(said):
        if each.value is None:
            continue
        at = place + 1
        while at < len(said) and at - place <= _BETWEEN and said[at].text not in _DIRECTIONS and _is_unit(said[at]):
            at += 1
        if at >= len(said) or said[at].text not in _DIRECTIONS:
            continue
        if (than := _than(said, at)) and (words := _compared(said, than)):
            yield Relation(each.value, said[at].text in _MORE, words, whole[each.start : said[than].end])


def _is_unit(symbol: Symbol) -> bool:
    return symbol.kind == "word" and symbol.text not in ("and", "or", "than", "times", "is", "are")


def _than(said: Sequence[Symbol], at: int) -> int:
    """Where "than" stands behind the direction, past a noun; 0 for nowhere."""
    return next((place for place in range(at + 1, min(at + 5, len(said))) if said[place].text == "than"), 0)


def _compared(said: Sequence[Symbol], than: int) -> frozenset[str]:
    words = []
    for each in said[than + 1 : than + 1 + _COMPARED]:
        if each.kind not in ("word", "number"):
            break
        words.append(each.text)
    return frozenset(words) - _EMPTY
