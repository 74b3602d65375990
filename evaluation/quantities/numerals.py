"""Numbers made comparable: 27, 27.0 and twenty-seven; 3/4, ¾, 0.75, \\frac{3}{4} and three quarters.

A text becomes terms: each word as its stem, each number as `#` and its value in lowest terms ("#27", "#3/4"). Number
words are read in four languages (`spelled.py`). A comma before three digits sets thousands apart, any other is a
decimal comma, and dots are decimal points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from data_mix.language.speech import words
from evaluation.quantities.spelled import SCALES, has_number_words, number_at

_FRAC = re.compile(r"\\[dt]?frac\s*\{?\s*(-?\d+)\s*\}?\s*\{?\s*(\d+)\s*\}?")
_COMMAND = re.compile(r"\\[a-z]+", re.IGNORECASE)
_VULGAR = re.compile(r"(\d?)\s*([¼-¾⅐-⅞])")
_PIECE = re.compile(
    r"(?P<sign>(?<![\w.)%])-)?(?:"
    r"(?P<mixed>\d{1,9} \d{1,9}/\d{1,9})(?![\d/])"
    r"|(?P<fraction>(?<!\d/)\d{1,9} ?/ ?\d{1,9})(?![\d/])"
    r"|(?P<time>\d{1,2}:\d\d)(?!\d)"
    r"|(?P<decimal>\d{1,3}(?:,\d{3})+(?:\.\d{1,30})?(?![\d,])|(?<!\d[.,])\d{1,30}[.,]\d{1,30}(?![.,]?\d)"
    r"|(?<!\d)\.\d{1,30}|\d{1,60})"
    r")|(?P<mark>[=%])"
)
_ARTICLES = frozenset(("a", "an", "the"))
_START = re.compile(r"[-.\d=%]")


def is_number(term: str) -> bool:
    """Whether a term is a number."""
    return term[0] == "#"


def value_of(number: str) -> Fraction:
    """The value of a term that is a number."""
    return Fraction(number[1:])


@lru_cache(maxsize=256)
def terms(text: str) -> tuple[str, ...]:
    """The text as terms, in order: numbers, stems of words, and `=` and `%`."""
    text = _plain(text)
    said = words(text)
    language = language_in(said) if has_number_words(said) else ""
    found: list[str] = []
    end = at = 0
    # A pattern that begins with a choice is slow to search for: where it can begin is found first.
    while start := _START.search(text, at):
        piece = _PIECE.match(text, start.start())
        if piece is None:
            at = start.end()
            continue
        _add(found, words(text[end : piece.start()]), language)
        found.append(piece["mark"] or piece["time"] or _value(piece))
        end = at = piece.end()
    _add(found, words(text[end:]), language)
    return tuple(found)


def _add(found: list[str], spoken: list[str], language: str) -> None:
    if spoken and spoken[0] in SCALES and found and is_number(found[-1]):  # 2 million
        found[-1] = f"#{value_of(found[-1]) * SCALES[spoken.pop(0)]}"
    found += _read(spoken, language)


def _plain(text: str) -> str:
    text = text.lower()
    if "\\" in text:
        text = _COMMAND.sub(" ", _FRAC.sub(r" \1/\2 ", text)).replace("{,}", ",")
    if not text.isascii():
        text = text.replace("\N{MINUS SIGN}", "-").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        text = _VULGAR.sub(lambda v: f"{v[1]} {unicodedata.normalize('NFKC', v[2])} ", text)
        text = text.replace("\N{FRACTION SLASH}", "/")
    return text.replace("per cent", "%").replace("percent", "%")


def _value(piece: re.Match[str]) -> str:
    sign = -1 if piece["sign"] else 1
    if piece["mixed"]:
        whole, part = piece["mixed"].split(" ")
        value = _fraction(part)
        return piece["mixed"] if value is None else f"#{sign * (int(whole) + value)}"
    if piece["fraction"]:
        value = _fraction(piece["fraction"])
        return piece["fraction"] if value is None else f"#{sign * value}"
    digits = piece["decimal"]
    if digits.isdecimal():
        return f"#{sign * int(digits)}"
    grouped = re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits)
    return f"#{sign * Fraction(digits.replace(',', '') if grouped else digits.replace(',', '.'))}"


def _fraction(text: str) -> Fraction | None:
    above, below = map(int, text.split("/"))
    return Fraction(above, below) if below else None


def _read(spoken: Sequence[str], language: str) -> list[str]:
    """Words as stems, and the number words among them as numbers."""
    from evaluation.metrics.stems import stem  # whose package knows this module

    if not has_number_words(spoken):
        return [stem(word) for word in spoken if word not in _ARTICLES]
    found: list[str] = []
    place = 0
    while place < len(spoken):
        value, after = number_at(spoken, place, language)
        if value is None:
            if spoken[place] not in _ARTICLES:
                found.append(stem(spoken[place]))
            place += 1
            continue
        if found and found[-1] in ("minu", "negativ"):
            found.pop()
            value = -value
        found.append(f"#{value}")
        place = after
    return found


def language_in(spoken: Sequence[str]) -> str:
    """The language that number words among the words are to be read in; empty where it is not known."""
    from evaluation.metrics.stop_words import language_of

    return language_of(spoken)
