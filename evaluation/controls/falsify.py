"""A text with its numbers or its operations changed so that it is surely no longer right: checked by computing."""

from __future__ import annotations

import random
import re
from collections.abc import Collection
from fractions import Fraction

from evaluation.controls.arithmetic import equations
from evaluation.controls.spelling import SMALL, TENS, spelled
from evaluation.quantities.numerals import is_number, terms, value_of

_SPOKEN = rf"(?:{'|'.join(TENS)})(?:[- ](?:{'|'.join(SMALL[1:10])}))?|{'|'.join(SMALL[2:])}"
_NUMBER = re.compile(
    r"(?<![\w.,/])(?P<figures>\d{1,12}(?:,\d{3})*(?:\.\d{1,6})?)(?!\d)"
    rf"|\b(?P<spoken>{_SPOKEN})\b(?![- ](?:hundred|thousand|half|halves|thirds?|quarters?|fourths?|fifths?))",
    re.IGNORECASE,
)
_ONLY_COUNTS = re.compile(
    r"(?:step|part|question|problem|number|no\.|#|grade|level)\s*\d+|^\s*\d+[.)](?=\s)", re.IGNORECASE | re.MULTILINE
)
"""Numbers that say no more than a place in a list."""
_TRIES = 30

_PAIRS = {
    "en": """
        add subtract; adds subtracts; added subtracted; adding subtracting; addition subtraction; plus minus; multiply
        divide; multiplies divides; multiplied divided; multiplying dividing; multiplication division; product quotient;
        sum difference; increase decrease; increased decreased; increases decreases; greater smaller; higher lower;
        double halve; doubled halved; maximum minimum
    """,
    "es": """
        sumar restar; suma resta; sumas restas; sumado restado; sumando restando; multiplicar dividir;
        multiplica divide; multiplicas divides; multiplicado dividido; mayor menor
    """,
    "fr": """
        ajouter soustraire; ajoute soustrais; additionner soustraire; multiplier diviser; multiplie divise; multiplies
        divises; multiplié divisé; multiplication division; addition soustraction
    """,
    "de": """
        addieren subtrahieren; addierst subtrahierst; addiert subtrahiert; plus minus; multiplizieren dividieren;
        multiplizierst dividierst; multipliziert dividiert; größer kleiner; verdoppeln halbieren
    """,
}
_OTHER = {
    language: {
        word: other
        for pair in pairs.split(";")
        for one, two in [pair.split()]
        for word, other in ((two, one), (one, two))
    }
    for language, pairs in _PAIRS.items()
}
_TO_FROM = re.compile(
    r"\b(?P<add>add(?:s|ed|ing)?)\b(?P<added>[^.,?!;]{1,40}?) to\b"
    r"|\b(?P<take>subtract(?:s|ed|ing)?)\b(?P<taken>[^.,?!;]{1,40}?) from\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"(?:(?<=\bmany )|(?<=\bmuch )|(?<=\d )|(?<=twice as ))(?:more|less|fewer)\b|\b(?:more|less|fewer)(?= than\b)",
    re.IGNORECASE,
)
_TIMES = re.compile(r"(?<=\d )(?:times|divided by|multiplied by)(?= \$?\d)", re.IGNORECASE)
_SIGN = re.compile(
    r"(?<=[\d%)\]] )[-+*x×÷/−–](?= [$(\[]?\d)|(?<=\d)[+*x×÷−](?=[$(]?\d)|(?<=\d)[-/](?=\$?\d[\d.,]*\s*=)"
)
_SIGNS = {"+": "-", "-": "+", "−": "+", "–": "+", "*": "/", "x": "/", "×": "÷", "÷": "×", "/": "*"}


def false_numbers(text: str, known: Collection[str], chance: random.Random, *, only_one: bool = False) -> str | None:
    """Each number another, near it and none of `known`, the numbers of the dialogue as terms; no equation still holds.

    One number becomes one number throughout, but for the places of a list and for what only words can say, such as
    "half"; with `only_one`, one of the different numbers does. None where no such change was found, or where none would
    be false: a number of nobody's before, as in an example of the tutor's own, may as well be another.
    """
    before = [term for term in terms(text) if is_number(term)]
    kept = {term for term in terms(_blank(text)) if is_number(term)}
    changing = [term for term in dict.fromkeys(before) if term not in kept]
    said = {*known, *(term for each in equations(text) if each.holds for term in terms(each.text))}
    anchored = [term for term in changing if term in said]
    if not anchored:
        return None
    kept |= set(changing) - {chance.choice(anchored)} if only_one else set()
    taken = {value_of(term) for term in {*known, *before}}
    for _ in range(_TRIES):
        changed = _renumbered(text, taken, {value_of(term) for term in kept}, chance)
        after = [term for term in terms(changed) if is_number(term)]
        pairs = zip(before, after, strict=False)
        is_other = len(before) == len(after) and all(one != two or one in kept for one, two in pairs)
        if changed != text and is_other and not any(each.holds for each in equations(changed)):
            return changed
    return None


def _blank(text: str) -> str:
    """Without the numbers that are changed."""
    places = _places(text)
    return _NUMBER.sub(lambda match: match[0] if match.end() in places else "_", text)


def _places(text: str) -> set[int]:
    """Where numbers end that only count."""
    return {match.start() + len(match[0].rstrip(".)")) for match in _ONLY_COUNTS.finditer(text)}


def _renumbered(text: str, taken: Collection[Fraction], kept: Collection[Fraction], chance: random.Random) -> str:
    new: dict[Fraction, Fraction] = {}
    places = _places(text)

    def other(match: re.Match[str]) -> str:
        if match.end() in places:
            return match[0]
        written = match["figures"]
        value = value_of(terms(match[0])[0])
        if value in kept:
            return match[0]
        if value not in new:
            new[value] = _near(value, {*taken, *new.values()}, chance, spoken=not written)
        return _written(new[value], like=written) if written else _as(str(spelled(new[value])), match["spoken"])

    return _NUMBER.sub(other, text)


def _near(value: Fraction, taken: Collection[Fraction], chance: random.Random, *, spoken: bool) -> Fraction:
    """A number of the size and the writing of another, that is not taken."""
    unit = next(Fraction(1, 10**place) for place in range(8) if (value * 10**place).denominator == 1 or place == 7)
    for reach in (4, 9, 30, 90):
        steps = [unit * step for step in range(-reach, reach + 1) if step]
        near = [value + step for step in steps if value + step > 1 * unit and value + step not in taken]
        near = [each for each in near if 2 <= each < 100] if spoken else near
        if near:
            return chance.choice(near)
    return value


def _written(value: Fraction, *, like: str) -> str:
    digits = len(like.partition(".")[2])
    grouped = "," if "," in like else ""
    return f"{float(value):{grouped}.{digits}f}"


def false_operations(text: str, language: str) -> str | None:
    """Every operation and comparison its opposite; None where there is none, or an equation would still hold."""
    other = _OTHER.get(language, _OTHER["en"])
    word = re.compile(rf"\b(?:{'|'.join(sorted(other, key=len, reverse=True))})\b", re.IGNORECASE)

    def turned(match: re.Match[str]) -> str:
        return _as(other[match[0].lower()], match[0])

    def led(match: re.Match[str]) -> str:
        verb, what, by = (
            (match["add"], match["added"], "from") if match["add"] else (match["take"], match["taken"], "to")
        )
        return f"{_as(other[verb.lower()], verb)}{what} {by}"

    changed = text
    if language == "en":
        # What was turned is kept from being turned back.
        parts = re.split(r"(\0[^\0]*\0)", _TO_FROM.sub(lambda match: f"\0{led(match)}\0", changed.replace("\0", "")))
        changed = "".join(part.strip("\0") if part.startswith("\0") else word.sub(turned, part) for part in parts)
        changed = _TIMES.sub(lambda match: "times" if "div" in match[0].lower() else "divided by", changed)
        changed = _MORE.sub(_less, changed)
    else:
        changed = word.sub(turned, changed)
    changed = _SIGN.sub(lambda match: _SIGNS[match[0]], changed)
    return changed if changed != text and not any(each.holds for each in equations(changed)) else None


def _less(match: re.Match[str]) -> str:
    if match[0].lower() != "more":
        return _as("more", match[0])
    counted = match.string[: match.start()].lower().endswith(("many ", *(f"{digit} " for digit in range(10))))
    return _as("fewer" if counted else "less", match[0])


def _as(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word
