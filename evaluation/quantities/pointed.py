"""Numbers that a text does not write but points at: by their neighbours, their digits, in Roman numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from evaluation.quantities.symbols import Symbol

_AFTER_WORDS = """
after past above follows following bigger después nach après
"""
_AFTER = frozenset(_AFTER_WORDS.split())
_BEFORE = frozenset(["before", "precedes", "preceding", "below", "vor", "avant", "antes"])
_CLOSE_WORDS = """
just right directly immediately number comes one justo juste directement direkt número nombre zahl
"""
_CLOSE = frozenset(_CLOSE_WORDS.split())
_DIGITS = re.compile(
    r"\b(?:digits?|ones|tens|starts?|ends?|followed|cifras?|dígitos?|chiffres?|ziffern?|endet|beginnt|termina|empieza|finit)\b",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"(?<!\w)(?=[MDCLXVI]{2})(M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))(?!\w)")
_ROMAN_CUE = re.compile(
    r"\b(?:romans?|numerals?|century|siglo|siècle|jahrhundert|war|guerra|guerre|chapter|romanos|romains|römisch\w*|"
    r"king|queen|pope|louis|henry|luis|carlos|charles|felipe|napol[eé]on)\b",
    re.IGNORECASE,
)
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_SURELY_ROMAN = 5
"""Letters of a numeral that is no word or initials."""

Pointed = tuple[Fraction, str, str]


def pointed_at(said: Sequence[Symbol], text: str, wanted: Fraction) -> Iterator[Pointed]:
    """Values, the words that point at each, and how; digits only those of `wanted`."""
    if wanted.denominator == 1:
        yield from _neighbours(said)
        yield from _digit_by_digit(said, text, wanted)
        yield from _roman(text)


def _neighbours(said: Sequence[Symbol]) -> Iterator[Pointed]:
    """ "The number right after 41", "just before 43", "between 41 and 43"."""
    for at, each in enumerate(said):
        if each.value is None or each.value.denominator > 1:
            continue
        before = [one.text for one in said[max(0, at - 3) : at]]
        words = " ".join([*before, each.text])
        if before and before[-1] in _AFTER and not _CLOSE.isdisjoint(before[:-1]):
            yield each.value + 1, words, "the number next to it"
        elif before and before[-1] in _BEFORE and not _CLOSE.isdisjoint(before[:-1]):
            yield each.value - 1, words, "the number next to it"
        elif at + 2 < len(said) and before and before[-1] in ("between", "entre", "zwischen"):
            other = said[at + 2].value
            if other is not None and other - each.value == 2:
                yield each.value + 1, f"{words} {said[at + 1].text} {said[at + 2].text}", "the only number there"


def _digit_by_digit(said: Sequence[Symbol], text: str, wanted: Fraction) -> Iterator[Pointed]:
    """Its digits in order, each by itself, where there is talk of digits."""
    digits = [int(char) for char in str(abs(wanted.numerator))]
    if len(digits) < 2 or not (cue := _DIGITS.search(text)):
        return
    numbers = [each.value for each in said if each.value is not None]
    for at in range(len(numbers) - len(digits) + 1):
        if numbers[at : at + len(digits)] == digits:
            yield wanted, f"{cue[0]} … {', '.join(map(str, digits))}", "its digits one by one"


def _roman(text: str) -> Iterator[Pointed]:
    has_cue = bool(_ROMAN_CUE.search(text))
    for found in _ROMAN.finditer(text):
        numeral = found[1]
        if len(numeral) >= _SURELY_ROMAN or has_cue:
            values = [_ROMAN_DIGITS[char] for char in numeral]
            total = sum(
                -value if any(later > value for later in values[at + 1 : at + 2]) else value
                for at, value in enumerate(values)
            )
            yield Fraction(total), numeral, "in Roman numerals"
