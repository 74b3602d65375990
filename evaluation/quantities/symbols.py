"""A text as the symbols of arithmetic: numbers in digits and in words, signs, words and marks, each where it stands.

Of a text in Spanish, French or German the words of arithmetic are given in English (`worded.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from evaluation.quantities.numerals import language_in
from evaluation.quantities.spelled import has_number_words, number_at
from evaluation.quantities.worded import BETWEEN_NUMBERS, Phrases, phrases

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
_DIVIDED = re.compile(r"(?<=\d )[:](?= \d)")
_PERCENT = re.compile(r"\b(?:por cien(?:to)?|pour cents?|per cent)\b", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")

_POINTS = frozenset(("point", "coma", "virgule", "komma"))

Kind = Literal["number", "word", "sign", "mark"]


class Symbol(NamedTuple):
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
    return _DIVIDED.sub("/", _PERCENT.sub("percent", _BOLD.sub("", text)))


def symbols(text: str) -> tuple[Symbol, ...]:
    """The symbols of `text`, in order. Number words are one number, and two may be a year: "fourteen ninety-two"."""
    return symbols_of(plain(text))


@lru_cache(maxsize=4096)
def symbols_of(whole: str) -> tuple[Symbol, ...]:
    """The same of a text that is plain already. Texts that differ in their quotes and signs alone are read once."""
    found: list[Symbol] = []
    for piece in _SYMBOL.finditer(whole):
        kind, said = piece.lastgroup, piece[0].lower()
        start, end = piece.span()
        if kind == "number":
            found.append(Symbol("number", said, _value(said), start, end))
        elif kind == "word":
            found.append(Symbol("word", said, None, start, end))
        else:
            found.append(Symbol("sign" if kind == "sign" else "mark", said, None, start, end))
    language = language_in([each.text for each in found if each.kind == "word"])
    found = _with_numbers_in_words(found, language)
    return tuple(found if language == "en" else _in_english(found, phrases(language)))


def _value(digits: str) -> Fraction:
    grouped = _THOUSANDS.fullmatch(digits)
    return Fraction(digits.replace(",", "") if grouped else digits.replace(",", "."))


def _with_numbers_in_words(found: Sequence[Symbol], language: str) -> list[Symbol]:
    """Number words joined, across hyphens; "half" stays a word, for it is an operation."""
    kept: list[Symbol] = []
    place = 0
    while place < len(found):
        run = _run(found, place) if found[place].kind == "word" else ([], [])
        value, used = _number(run[0], language) if run[0] else (None, 0)
        if value is None or (used == 1 and value == Fraction(1, 2)):
            kept.append(found[place])
            place += 1
            continue
        after = run[1][used - 1] + 1
        kept.append(Symbol("number", found[place].text, value, found[place].start, found[after - 1].end))
        place = after
    return kept


def _number(spoken: Sequence[str], language: str) -> tuple[Fraction | None, int]:
    value, used = number_at(spoken, 0, language)
    if value is not None and used + 1 < len(spoken) and spoken[used] in _POINTS:
        return _with_decimals(value, spoken, used + 1, language)
    if value is None or used > 1 or not 13 <= value <= 20 or used == len(spoken):
        return value, used
    years, all_used = number_at(spoken, used, language)
    return (100 * value + years, all_used) if years is not None and 10 <= years <= 99 else (value, used)


def _with_decimals(value: Fraction, spoken: Sequence[str], at: int, language: str) -> tuple[Fraction, int]:
    """ "Nine point eight", "nueve coma ocho": digits one by one, or one number."""
    used, digits = at, ""
    while used < len(spoken):
        part, after = number_at(spoken, used, language)
        if part is None or part.denominator > 1 or not 0 <= part <= 99 or (digits and part > 9):
            break
        digits, used = f"{digits}{part}", after
    return (value + Fraction(int(digits), 10 ** len(digits)), used) if digits else (value, at - 1)


def _run(found: Sequence[Symbol], place: int) -> tuple[list[str], list[int]]:
    """The words from `place` on, a few of them, without hyphens, and where each stands; none if it is no number."""
    spoken: list[str] = []
    places: list[int] = []
    if not _may_begin_number(found[place].text):
        return spoken, places
    for at in range(place, min(len(found), place + 12)):
        each = found[at]
        if each.kind == "word":
            spoken.append(each.text)
            places.append(at)
        elif not (each.text == "-" and spoken and at + 1 < len(found) and found[at + 1].start == each.end):
            break
    return spoken, places


@lru_cache(maxsize=20_000)
def _may_begin_number(word: str) -> bool:
    return has_number_words((word,)) or word in ("a", "un", "una", "une", "ein", "eine")


def _in_english(found: Sequence[Symbol], known: Phrases) -> list[Symbol]:
    """The words of arithmetic in English. What stands for several words has no width but at its first."""
    kept: list[Symbol] = []
    place = 0
    while place < len(found):
        each = found[place]
        if each.kind == "word" and each.text in BETWEEN_NUMBERS and _is_between_numbers(found, place):
            kept.append(Symbol("word", BETWEEN_NUMBERS[each.text], None, each.start, each.end))
            place += 1
            continue
        for said, english in known.get(each.text, ()) if each.kind == "word" else ():
            if tuple(one.text for one in found[place : place + len(said)]) == said:
                end = found[place + len(said) - 1].end
                kept.append(Symbol("word", english[0], None, each.start, end))
                kept += [Symbol("word", word, None, end, end) for word in english[1:]]
                place += len(said)
                break
        else:
            kept.append(each)
            place += 1
    return kept


def _is_between_numbers(found: Sequence[Symbol], place: int) -> bool:
    return 0 < place < len(found) - 1 and found[place - 1].kind == "number" == found[place + 1].kind
