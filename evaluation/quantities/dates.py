"""Times of day, dates and centuries, in digits and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evaluation.quantities.measures import Measured
from evaluation.quantities.spelled import number_at, without_accents
from evaluation.quantities.symbols import Symbol

HALF_DAY = 720
"""Minutes. Half past three and 15:30 are one time: whether it is afternoon goes without saying."""
_CLOCK = re.compile(
    r"(\d{1,2})(?::|\.|\s?h\s?)(\d\d)(?!\d)|(\d{1,2})\s?(?:[ap]\.?m\b|o'?clock|uhr\b|heures?\b)", re.IGNORECASE
)
_PAST = frozenset(("past", "after", "nach"))
_TO = frozenset(("to", "before", "till", "vor", "of"))
_PARTS = {"quarter": 15, "half": 30, "viertel": 15, "cuarto": 15, "media": 30, "quart": 15, "demie": 30, "demi": 30}
_AND = frozenset(("and", "y", "et"))
_LESS = frozenset(("menos", "moins", "minus"))
_NAMED = {"noon": 0, "midday": 0, "midnight": 0, "mediodia": 0, "medianoche": 0, "midi": 0, "minuit": 0, "mittag": 0}
_NAMES_OF_MONTHS = """
january jan enero janvier januar
february feb febrero fevrier februar
march mar marzo mars marz
april apr abril avril
may mayo mai
june jun junio juin juni
july jul julio juillet juli
august aug agosto aout
september sept sep septiembre septembre
october oct octubre octobre oktober
november nov noviembre novembre
december dec diciembre decembre dezember
"""
_MONTHS = {
    name: month for month, names in enumerate(_NAMES_OF_MONTHS.strip().splitlines(), start=1) for name in names.split()
}
_DATE_WORDS = frozenset(
    ("of", "de", "the", "le", "el", "der", "den", "am", ",", ".", "del", "st", "nd", "rd", "th", "er", "°")
)
_NUMERIC_DATE = re.compile(r"(?<!\d)(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?!\d)")
_CENTURY = re.compile(
    r"(?P<ordinal>\d{1,2})(?:st|nd|rd|th|e|ème|\.)?[\s-]*(?:century|siècle|jahrhundert)|siglo\s+(?P<after>\d{1,2}|[ivx]+)\b|"
    r"(?P<roman>[ivx]+)e?\s*siècle|(?P<hundreds>\d{1,2})00['’]?s\b|(?P<words>[a-z]+(?:-[a-z]+)?)[\s-]+century|"
    r"siglo\s+(?P<spoken>[a-z]+)",
    re.IGNORECASE,
)
_ORDINALS = {
    name: value
    for value, name in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
            "twenty-first",
        ],
        start=1,
    )
}
_ROMAN = {"i": 1, "v": 5, "x": 10}


def clock_times(read: Measured, text: str) -> Iterator[tuple[int, str]]:
    """Minutes past noon or midnight, and the words that say so."""
    for found in _CLOCK.finditer(text):
        hours, minutes = int(found[1] or found[3]), int(found[2] or 0)
        if hours <= 24 and minutes < 60:
            yield (60 * hours + minutes) % HALF_DAY, found[0]
    for at, each in enumerate(read.said):
        if without_accents(each.text) in _NAMED:
            yield 0, each.text
        elif each.text in _PAST or each.text in _TO:
            yield from _past_or_to(read, at)
        elif each.text in _AND or each.text in _LESS:
            yield from _hour_first(read, at)
        elif each.text == "halb" and (hour := _value(read.said, at + 1)):
            yield (60 * hour - 30) % HALF_DAY, f"halb {read.said[at + 1].text}"


def _past_or_to(read: Measured, at: int) -> Iterator[tuple[int, str]]:
    """ "A quarter past three", "five minutes to noon"."""
    said = read.said
    hour = 12 if _text(said, at + 1) in _NAMED else _value(said, at + 1)
    before = at - 1 - (_text(said, at - 1) in ("minutes", "minuten"))
    minutes = _PARTS.get(_text(said, before)) or _value(said, before)
    if hour is not None and minutes and hour <= 24 and minutes < 60:
        sign = 1 if said[at].text in _PAST else -1
        yield (60 * hour + sign * minutes) % HALF_DAY, read.text(before, at + 2)


def _hour_first(read: Measured, at: int) -> Iterator[tuple[int, str]]:
    """ "Las tres y cuarto", "quatre heures moins le quart"."""
    said = read.said
    before = at - 1 - (_text(said, at - 1) in ("heures", "heure"))
    after = at + 1 + (_text(said, at + 1) in ("le", "un", "the"))
    hour, minutes = _value(said, before), _PARTS.get(_text(said, after)) or _value(said, after)
    if hour is not None and minutes and 0 < hour <= 24 and minutes < 60:
        sign = -1 if said[at].text in _LESS else 1
        yield (60 * hour + sign * minutes) % HALF_DAY, read.text(before, after + 1)


Date = tuple[int, int, int]
"""Year, month and day; 0 for what is not said."""


def dates(read: Measured, text: str) -> Iterator[tuple[Date, str]]:
    """The dates of a text with a month in them, and the words that say so."""
    for found in _NUMERIC_DATE.finditer(text):
        one, two, three = int(found[1]), int(found[2]), int(found[3])
        for year, month, day in ((one, two, three), (three, two, one), (three, one, two)):
            if year > 31 and 1 <= month <= 12 and 1 <= day <= 31:
                yield (year, month, day), found[0]
    for at, each in enumerate(read.said):
        month = _MONTHS.get(without_accents(each.text).rstrip("."), 0) if each.kind == "word" else 0
        if month:
            before, first = _number_beside(read.said, at, -1)
            after, last = _number_beside(read.said, at, 1)
            further, end = _number_beside(read.said, last, 1) if 0 < after <= 31 else (0, last)
            day = before if 0 < before <= 31 else after if 0 < after <= 31 else 0
            year = next((number for number in (further, after, before) if number > 31), 0)
            if day or year:
                words = read.text(min(first, at), max(at, last, end) + 1)
                yield (year, month, day), words


def _number_beside(said: Sequence[Symbol], at: int, step: int) -> tuple[int, int]:
    """A whole number, past a few words such as "of", and where it stands; 0 where there is none."""
    place = at + step
    for _ in range(3):
        if not 0 <= place < len(said):
            break
        each = said[place]
        if each.value is not None:
            return (int(each.value) if each.value.denominator == 1 else 0), place
        if ordinal := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", each.text):
            return int(ordinal[1]), place
        if each.text in _ORDINALS:
            return _ORDINALS[each.text], place
        if each.text not in _DATE_WORDS:
            break
        place += step
    return 0, at


def centuries(text: str) -> Iterator[tuple[int, str]]:
    """Which centuries a text names: "the 18th century", "siglo XVIII", "the 1700s"."""
    for found in _CENTURY.finditer(text):
        said = found["ordinal"] or found["after"] or found["roman"] or found["words"] or found["spoken"] or ""
        if found["hundreds"]:
            yield int(found["hundreds"]) + 1, found[0]
        elif said.isdecimal():
            yield int(said), found[0]
        elif said.lower() in _ORDINALS:
            yield _ORDINALS[said.lower()], found[0]
        elif re.fullmatch(r"[ivx]+", said, re.IGNORECASE):
            values = [_ROMAN[char] for char in said.lower()]
            yield sum(-v if values[i + 1 : i + 2] > [v] else v for i, v in enumerate(values)), found[0]
        else:
            value, _ = number_at([said.lower()], 0)
            if value is not None and value.denominator == 1:
                yield int(value), found[0]


def _value(said: Sequence[Symbol], at: int) -> int | None:
    value = said[at].value if 0 <= at < len(said) else None
    return int(value) if value is not None and value.denominator == 1 else None


def _text(said: Sequence[Symbol], at: int) -> str:
    return said[at].text if 0 <= at < len(said) else ""
