"""The quantities of a text, with their units: "90 minutes", "an hour and a half", "1 h 30", "half a litre".

A number without a unit that is known is a quantity without a dimension. Parts that follow each other in smaller units
of one dimension are one quantity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from evaluation.quantities.spelled import without_accents
from evaluation.quantities.symbols import Symbol, plain, symbols
from evaluation.quantities.units import TEMPERATURES, UNITS, Unit, unit_named

_AMOUNT = r"\d{1,12}(?:[.,]\d{1,6})*"
_BEFORE = re.compile(rf"[$€£]\s?({_AMOUNT})(?!\s?(?:thousand|million|billion|mil\b|mille|cents?))")
_AFTER = re.compile(rf"({_AMOUNT})\s?[$€£]")
_CURRENCY = re.compile(r"[$€£]")
_HALVES = frozenset(("half", "medio", "media", "demi", "demie", "halb", "halbe", "halber", "halbes", "halben"))
_PARTS = {"quarter": 4, "third": 3, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10, "quart": 4, "viertel": 4}
_ARTICLES = frozenset(("a", "an", "one", "un", "une", "una", "ein", "eine", "einen", "einer", "eines", "the"))
_OF = frozenset(("of", "de", "d'", "d"))
_AND = frozenset(("and", "y", "et", "und"))
_PER = frozenset(("/", "per", "por", "par", "by", "pro", "a", "an"))
_POWERS = {
    "square": 2, "sq": 2, "cubic": 3, "cuadrado": 2, "cuadrados": 2, "carre": 2, "carres": 2, "cubico": 3, "cubicos": 3,
    "cube": 3, "cubes": 3, "squared": 2, "cubed": 3,
}  # fmt: skip
_MINUS = frozenset(("minus", "negative", "menos", "moins"))
_NUMBER = Unit("", Fraction(1))
_PERCENT = Unit("", Fraction(1, 100))


@dataclass(frozen=True, slots=True)
class Quantity:
    """So many of a unit, or a bare number."""

    value: Fraction
    """As written, in its unit; of several parts, in the unit of the first."""
    unit: Unit
    """What it is measured in."""
    base: Fraction
    """In base units of its dimension; of per cent, as a part of one."""
    start: int
    """Index of its first symbol."""
    stop: int
    """Index behind its last."""
    in_words: bool
    """Whether it is written without digits."""

    @property
    def dimension(self) -> str:
        """What it measures; empty for a bare number."""
        return self.unit.dimension

    @property
    def is_percent(self) -> bool:
        """Whether it is of per cent."""
        return self.unit is _PERCENT


@dataclass(frozen=True, slots=True)
class Measured:
    """A text, read."""

    said: tuple[Symbol, ...]
    """Its symbols."""
    quantities: tuple[Quantity, ...]
    """Its quantities, in order."""
    plain: str
    """What the symbols stand in."""

    def text(self, start: int, stop: int) -> str:
        """What is written from one symbol to before another."""
        return self.plain[self.said[start].start : self.said[stop - 1].end] if start < stop else ""


@lru_cache(maxsize=1024)
def measured(text: str) -> Measured:
    """The symbols and quantities of `text`; sums of money have their sign written out."""
    if _CURRENCY.search(text):
        text = _AFTER.sub(r" \1 dollars", _BEFORE.sub(r" \1 dollars", text))
    said = symbols(text)
    found: list[Quantity] = []
    place = 0
    while place < len(said):
        each = _quantity(said, place)
        if each is None:
            place += 1
            continue
        if found and (joined := _joined(said, found[-1], each)):
            found[-1] = joined
        else:
            found.append(each)
        place = each.stop
    return Measured(said, tuple(found), plain(text))


def _quantity(said: Sequence[Symbol], place: int) -> Quantity | None:
    amount = _amount(said, place)
    if amount is None:
        return None
    value, stop, surely = amount
    unit, after = _unit(said, stop)
    if unit is None:
        return Quantity(value, _NUMBER, value, place, stop, _in_words(said, place, stop)) if surely else None
    stop = after
    if _text(said, stop) in _AND:
        at = stop + 1 + (_text(said, stop + 1) in _ARTICLES)
        if _text(said, at) in _HALVES and _unit(said, at + 1)[0] is None:
            value, stop = value + Fraction(1, 2), at + 1
    return Quantity(value, unit, unit.base(value), place, stop, _in_words(said, place, stop))


def _in_words(said: Sequence[Symbol], start: int, stop: int) -> bool:
    return not any(char.isdigit() for each in said[start:stop] for char in each.text)


def _amount(said: Sequence[Symbol], place: int) -> tuple[Fraction, int, bool] | None:
    """A number, where it ends, and whether it is one without a unit; "an" is one only before a unit."""
    each = said[place]
    if each.kind == "number" and each.value is not None:
        value, stop = _with_fraction(said, place, each.value)
        return (-value if _is_negative(said, place) else value), stop, True
    if each.kind != "word":
        return None
    if each.text in _HALVES:
        after = place + 1 + (_text(said, place + 1) in _ARTICLES)
        return Fraction(1, 2), (after if _unit(said, after)[0] else place + 1), _text(said, place + 1) not in _OF
    if each.text in _ARTICLES and each.text != "the":
        part = _PARTS.get(_text(said, place + 1))
        if part:
            return Fraction(1, part), place + 2, _text(said, place + 2) not in _OF
        return Fraction(1), place + 1, False
    return None


def _with_fraction(said: Sequence[Symbol], place: int, value: Fraction) -> tuple[Fraction, int]:
    """ "3/4" and "1 1/2", written without spaces around the stroke."""
    at = place
    if (
        _is_stroke(said, place + 2)
        and said[place + 1].kind == "number"
        and said[place + 1].start - said[place].end <= 1
    ):
        above, below = said[place + 1].value, said[place + 3].value
        if above is not None and below and above < below and value.denominator == 1:
            return value + above / below, place + 4
    below = said[at + 2].value if _is_stroke(said, at + 1) else None
    return (value / below, at + 3) if below else (value, at + 1)


def _is_stroke(said: Sequence[Symbol], at: int) -> bool:
    if not (0 < at < len(said) - 1 and said[at].text == "/" and said[at + 1].kind == "number"):
        return False
    chained = at + 2 < len(said) and said[at + 2].text == "/"
    return said[at - 1].kind == "number" and said[at - 1].end == said[at].start and not chained


def _is_negative(said: Sequence[Symbol], place: int) -> bool:
    before = said[place - 1] if place else None
    if before is None or (before.text != "-" and before.text not in _MINUS):
        return False
    earlier = said[place - 2] if place > 1 else None
    if before.text == "-" and before.end != said[place].start:
        return False
    if earlier is None or earlier.text == "=":
        return True
    return not (earlier.kind == "number" or earlier.text == ")" or earlier.end == before.start)


def _unit(said: Sequence[Symbol], place: int) -> tuple[Unit | None, int]:
    """The unit at `place`, past a hyphen or "of an", and where it ends."""
    at = place
    if _text(said, at) == "-" and at + 1 < len(said) and said[at].start == said[at - 1].end:
        at += 1
    if _text(said, at) in _OF and _text(said, at + 1) in _ARTICLES:
        at += 2
    elif _text(said, at) in _OF and unit_named(_text(said, at + 1)):
        at += 1
    word = _text(said, at)
    if word in ("%", "percent"):
        return _PERCENT, at + 1
    if word == "per" and _text(said, at + 1) == "cent":
        return _PERCENT, at + 2
    if word in ("°", "degrees", "degree", "grados", "degres", "grad"):
        scale = TEMPERATURES.get(_text(said, at + 1))
        return (scale, at + 2) if scale else (None, place)
    degree = _POWERS.get(word, 0)
    at += bool(degree)
    unit = _named(said, at)
    if unit is None:
        return None, place
    at += 1
    if not degree and _text(said, at) == "^" and at + 1 < len(said) and said[at + 1].value in (2, 3):
        degree, at = int(said[at + 1].value or 0), at + 2
    elif not degree and (after := _POWERS.get(without_accents(_text(said, at)), 0)):
        degree, at = after, at + 1
    unit = unit.power(degree) if degree else unit
    other = _named(said, at + 1) if _text(said, at) in _PER else None
    if other is None or unit.dimension == "temperature":
        return unit, at
    if _text(said, at + 2) == "^" and at + 3 < len(said) and said[at + 3].value == 2:
        return unit.per(other.power(2)), at + 4
    if (after := _POWERS.get(without_accents(_text(said, at + 2)), 0)) == 2:
        return unit.per(other.power(after)), at + 3
    return unit.per(other), at + 2


def _named(said: Sequence[Symbol], at: int) -> Unit | None:
    """A unit by its name. A sign of one letter has to stand right behind a number, or a stroke."""
    word = _text(said, at)
    if not word or said[at].kind != "word":
        return None
    if len(word) == 1 and not (at and (said[at - 1].kind == "number" or said[at - 1].text in ("/", "-"))):
        return None
    return unit_named(word)


def _joined(said: Sequence[Symbol], one: Quantity, other: Quantity) -> Quantity | None:
    """Two parts of one quantity: "1 hour and 30 minutes", "1 h 30", "5 feet 3"."""
    between = [each.text for each in said[one.stop : other.start]]
    if not (set(between) <= _AND | {","}) or len(between) > 1 or not one.dimension or "/" in one.dimension:
        return None
    base = one.unit.base(Fraction(0)) + other.base
    if other.dimension == "" and not other.is_percent and one.unit == UNITS["h"] and not between:
        base = 60 * other.value if 0 < other.value < 60 else Fraction(0)
    elif other.dimension != one.dimension or not other.unit.factor < one.unit.factor or one.dimension == "temperature":
        return None
    if not base:
        return None
    value = one.value + base / one.unit.factor
    in_words = one.in_words and other.in_words
    return replace(one, value=value, base=one.base + base, stop=other.stop, in_words=in_words)


def _text(said: Sequence[Symbol], at: int) -> str:
    return said[at].text if 0 <= at < len(said) else ""
