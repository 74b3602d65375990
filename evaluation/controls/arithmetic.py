"""Equations as they stand in a text, to be quoted or turned false: 26 - 2 = 24, 70/24 = 2.92, 7 + 3 + 8 = 18."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from evaluation.quantities.expressions import Expression, expression_at
from evaluation.quantities.symbols import Symbol, plain, symbols
from evaluation.truth.claims import are_same, may_begin


@dataclass(frozen=True, kw_only=True, slots=True)
class Equation:
    """One equation."""

    text: str
    """As it was written."""
    left: str
    """What is computed."""
    right: str
    """What it is said to come to: a number."""
    key: tuple[tuple[Fraction, ...], tuple[str, ...]]
    """What is computed, however it is written: its numbers and its operations."""
    holds: bool
    """Whether both sides are equal, the right one rounded perhaps."""


def equations(text: str) -> list[Equation]:
    """The equations of a text, in order: expressions that "=" and a number follow."""
    return [each for line in text.splitlines() for each in _equations(line)]


def computed(expression: str) -> Fraction | None:
    """What an expression comes to; None where there is more in the text, or it cannot be computed."""
    said = symbols(expression)
    found = expression_at(said, 0) if said else None
    return found.value if found and found.stop == len(said) else None


def _equations(line: str) -> Iterator[Equation]:
    said, whole = symbols(line), plain(line)
    written = line if len(line) == len(whole) else whole  # what was LaTeX or in bold print stands elsewhere
    place = 0 if "=" in whole else len(said)
    while place < len(said):
        left = expression_at(said, place) if may_begin(said, place) else None
        place = left.stop if left else place + 1
        if not left or len(left.numbers) < 2 or place == len(said) or said[place].text != "=":
            continue
        right = expression_at(said, place + 1)
        if right and right.is_number and not right.fraction:
            yield _equation(said, written, left, right)


def _equation(said: Sequence[Symbol], written: str, left: Expression, right: Expression) -> Equation:
    sides = [(said[each.start].start, said[each.stop - 1].end) for each in (left, right)]
    (start, middle), (after, end) = ((first - written[:first].endswith("$"), last) for first, last in sides)
    return Equation(
        text=written[start:end],
        left=written[start:middle],
        right=written[after:end],
        key=(left.numbers, tuple(each.sign for each in left.operations)),
        holds=bool(are_same(left, right, written[start:end])),
    )
