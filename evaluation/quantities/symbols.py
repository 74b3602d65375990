"""A text as the symbols of arithmetic: numbers in digits and in words, signs, words and marks, each where it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from evaluation.quantities.spelled import number_at

LONGEST = 12_000
"""Characters of a text that are read: what comes after them is left out, so that no reply takes seconds."""
_SYMBOL = re.compile(
    r"(?P<label>\d{1,2}:\d{1,2}(?!\d)|(?<![/\d])\d{1,4}(?:st|nd|rd|th)\b|\d+_\d*|https?://\S+)"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?(?![\d,])|(?<!\d[.,])\d{1,24}[.,]\d{1,12}(?![.,]?\d)"
    r"|(?<![\d.])\.\d{1,12}|\d{1,24})"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<sign><=|>=|[-+*/=^%<>≤≥≠≈√°])"
    r"|(?P<mark>[^\w\s])"
)
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("’‘`", "'"),
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("−–—‐‑", "-"),
        **dict.fromkeys("×·⋅∙", "*"),
        **dict.fromkeys("÷∕⁄", "/"),
        "\N{NO-BREAK SPACE}": " ",
        "$": " ",
        "€": " ",
        "£": " ",
        "²": "^2",
        "³": "^3",
        "½": " 1/2",
        "¼": " 1/4",
        "¾": " 3/4",
        "⅓": " 1/3",
        "⅔": " 2/3",
    }
)
_FRAC = re.compile(r"\\[dt]?frac\s*\{([^{}]{1,40})\}\s*\{([^{}]{1,40})\}")
_COMMANDS = {"times": "*", "cdot": "*", "div": "/", "le": "<=", "leq": "<=", "ge": ">=", "geq": ">=", "neq": "≠"}
_COMMAND = re.compile(r"\\([a-z]+)", re.IGNORECASE)
_BOLD = re.compile(r"\*\*(?!\d)|(?<!\d)\*\*|(?<=\d)\*\*(?=[\s.,;:!?)]|$)")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")

Kind = Literal["number", "word", "sign", "mark"]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One number, word, sign or mark."""

    kind: Kind
    """What it is; a clock's time, a ratio, an ordinal and an address are marks."""
    text: str
    """In lower case, with plain signs."""
    value: Fraction | None
    """Of a number."""
    start: int
    """Where it begins in the plain text."""
    end: int
    """Where it ends there."""


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The first characters of `text`, with plain quotes and signs, and without LaTeX and bold print."""
    text = text[:LONGEST].replace("\\n", "\n").translate(_PLAIN)
    if "\\" in text:
        text = _FRAC.sub(r" (\1)/(\2) ", text).replace("{,}", ",")
        text = _COMMAND.sub(lambda found: f" {_COMMANDS.get(found[1], '')} ", text)
    return _BOLD.sub("", text)


@lru_cache(maxsize=4096)
def symbols(text: str) -> tuple[Symbol, ...]:
    """The symbols of `text`, in order. A run of number words is one number."""
    found: list[Symbol] = []
    for piece in _SYMBOL.finditer(plain(text)):
        kind, said = piece.lastgroup or "mark", piece[0].lower()
        if kind == "number":
            found.append(Symbol("number", said, _value(said), piece.start(), piece.end()))
        elif kind in ("word", "sign"):
            found.append(Symbol("word" if kind == "word" else "sign", said, None, piece.start(), piece.end()))
        else:
            found.append(Symbol("mark", said, None, piece.start(), piece.end()))
    return tuple(_with_numbers_in_words(found))


def _value(digits: str) -> Fraction:
    grouped = _THOUSANDS.fullmatch(digits)
    return Fraction(digits.replace(",", "") if grouped else digits.replace(",", "."))


def _with_numbers_in_words(found: Sequence[Symbol]) -> list[Symbol]:
    """Number words joined, across hyphens; "half" stays a word, for it is an operation."""
    kept: list[Symbol] = []
    place = 0
    while place < len(found):
        run = _run(found, place)
        value, used = number_at(run[0], 0) if run[0] else (None, 0)
        if value is None or (used == 1 and value.denominator != 1):
            kept.append(found[place])
            place += 1
            continue
        after = run[1][used - 1] + 1
        said = found[place].text
        kept.append(Symbol("number", said, value, found[place].start, found[after - 1].end))
        place = after
    return kept


def _run(found: Sequence[Symbol], place: int) -> tuple[list[str], list[int]]:
    """The words from `place` on, a few of them, with hyphens left out, and where each stands."""
    spoken: list[str] = []
    places: list[int] = []
    for at in range(place, min(len(found), place + 12)):
        each = found[at]
        if each.kind == "word":
            spoken.append(each.text)
            places.append(at)
        elif not (each.text == "-" and spoken and at + 1 < len(found) and found[at + 1].start == each.end):
            break
    return spoken, places
