"""Where a reply's numbers come from: the dialogue, the solution, what the reply itself works out, or nowhere.

A number from nowhere is suspicious, for a hint that was falsified has one; unless it is of an example ("imagine you
had 10 apples"), of what everybody knows (60 minutes), of a step or a count, or a digit of one that was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from evaluation.judges.features.reading import FUNCTION_WORDS, Text, stem
from evaluation.quantities.symbols import Symbol, plain, symbols
from evaluation.truth.claims import arithmetic, same_number
from evaluation.truth.dialogue import REMEMBERED, Ground, digits, sentences

Origin = Literal["given", "learner", "worked", "derived", "framed", "misplaced", "foreign"]
_COUNTS = frozenset(map(Fraction, range(3)))
"""None, one, two: said of anything."""
_EXAMPLE = re.compile(
    r"\b(?:for (?:example|instance)|e\.g|imagine|pretend|suppose|say (?:you|i|we) \w+|let'?s (?:just )?say|"
    r"let'?s try (?:a|an|another|some|this)|let'?s (?:take|use|think of) (?:a|an|another|some)|let'?s assume|let'?s do|"
    r"what if|an example|simpler|easier|similar (?:problem|question|one|example)|"
    r"different (?:problem|question|number|one)|"
    r"another (?:problem|question|one|example|way)|something else|new (?:problem|question)|next (?:problem|question)|"
    r"focus on|try (?:this|these)|quick question|practice|warm up|answer this)\b",
    re.IGNORECASE,
)
_IMAGINED = re.compile(r"\bif (?:you|i|we|my|your|someone|somebody|a|an|there|each|every|one)\b", re.IGNORECASE)
_SHARED = 0.4
"""An "if you had" of whose content words more stand in the problem tells the problem again and is no example."""
_PLACES = re.compile(
    r"\b(?:digits?|place|ones|tens|hundreds|thousands|tenths|hundredths|decimal|numerator|denominator|rounds?|"
    r"rounding|estimate|number line|between|pattern|compare|multiples?|factors?)\b",
    re.IGNORECASE,
)
_WORDS_OF_COUNTED = (
    "sides steps step ways way parts part digits digit groups group places angles sided things question "
    "questions minutes minute problem example point points stage hours days line number choices corners vertices "
    "dimensional"
)
_COUNTED = frozenset(_WORDS_OF_COUNTED.split())
_ORDERED = frozenset(("step", "part", "question", "number", "problem", "example", "line", "year", "option", "point"))
_UNITS_OF = {
    Fraction(number): words.split("|")
    for number, words in {
        7: "day|week", 12: "month|year|inch|foot|feet|dozen|o'clock|oclock|noon", 24: "hour|day", 30: "month",
        52: "week|year", 60: "minute|hour|second", 100: "percent|per cent|cent|dollar|meter", 36: "yard|inch",
        90: "right|angle|degree", 180: "angle|degree|triangle", 360: "degree|circle", 365: "day|year",
        1000: "kilo|km|kg|gram|ml|lit|meter", 16: "ounce|pound", 3: "triangle|yard", 5: "pentagon", 6: "hexagon|cube",
        4: "square|rectangle|quadrilateral|quarter", 8: "octagon",
    }.items()
}  # fmt: skip
"""What everybody knows: how many there are of one in the other, by the beginnings of the words for them."""
_FACTORS = {
    word: [factor for factor, others in _UNITS_OF.items() if word in others]
    for words in _UNITS_OF.values()
    for word in words
}
_UNITS = tuple(_FACTORS)
_UNIT = re.compile(rf"\b(?:{'|'.join(f'({word})' for word in _UNITS)})", re.IGNORECASE)
"""No word begins another, so all are found in one search; the group says which."""
_WORDS_OF_NO_NOUNS = """
total times left more less fewer percent of plus minus times divided equals first second third so answer number then get
gives x per sq
"""
_NO_NOUNS = frozenset(_WORDS_OF_NO_NOUNS.split())
_KNOWN = ("given", "learner", "worked", "derived")
_NEAR, _FAR, _SMALL = 2, 3, 2


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a reply."""

    value: Fraction
    """What it is."""
    text: str
    """As written."""
    start: int
    """Where it begins in the plain text."""
    origin: Origin
    """Where it comes from."""


def origins(ground: Ground, reply: str) -> list[Number]:
    """The numbers of `reply`, in order, and where each comes from."""
    said = symbols(reply)
    found = [(place, each) for place, each in enumerate(said) if each.value is not None]
    if not found:
        return []
    backed = _backed(ground, reply)
    frames = _frames(ground, reply)
    misplaced = _misplaced(ground, reply, backed)
    origins_ = [(each, place, _origin(ground, said, place, backed, frames)) for place, each in found]
    return [
        Number(
            each.value or Fraction(0),
            each.text,
            each.start,
            "misplaced" if place in misplaced and origin in _KNOWN and not _within(each.start, frames) else origin,
        )
        for each, place, origin in origins_
    ]


def _origin(
    ground: Ground, said: Sequence[Symbol], place: int, backed: frozenset[Fraction], frames: Sequence[tuple[int, int]]
) -> Origin:
    each = said[place]
    value = each.value or Fraction(0)
    forms = {value, *({value / 100} if place + 1 < len(said) and said[place + 1].text in ("%", "percent") else ())}
    if forms & ground.given or value in _COUNTS:
        return "given"
    if forms & ground.learner:
        return "learner"
    if forms & ground.worked:
        return "worked"
    if forms & backed or _is_counted(said, place):
        return "derived"
    return "framed" if _within(each.start, frames) else "foreign"


def _within(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _misplaced(ground: Ground, reply: str, backed: frozenset[Fraction]) -> set[int]:
    """Where a number stands before a noun that has others in the dialogue, and never this one: "70 boxes"."""
    if not ground.is_stated:
        return set()
    counted = _counted_in(ground)
    known = {*backed, *(operation.result for each in ground.solution.expressions for operation in each.operations)}
    return {
        place
        for place, value, noun in _counts(symbols(reply), _NEAR)
        if value > _SMALL and noun in counted and value not in counted[noun] | known
    }


@lru_cache(maxsize=REMEMBERED)
def _counted_in(ground: Ground) -> dict[str, set[Fraction]]:
    """By noun of the dialogue, the numbers that it has there."""
    counted: dict[str, set[Fraction]] = {}
    for text in (ground.problem, ground.tutors, ground.learners, ground.worked_out):
        for _, value, noun in _counts(symbols(text), _FAR):
            counted.setdefault(noun, set()).add(value)
    return counted


def _counts(said: Sequence[Symbol], reach: int) -> Iterator[tuple[int, Fraction, str]]:
    """The numbers that stand before a noun, with a word or two between: where, and of what."""
    for place, each in enumerate(said):
        if each.value is None:
            continue
        for after in said[place + 1 : place + 1 + reach]:
            if after.kind != "word" or after.text in FUNCTION_WORDS or after.text in _NO_NOUNS:
                break
            yield place, each.value, stem(after.text)
            break


def _is_counted(said: Sequence[Symbol], place: int) -> bool:
    after = said[place + 1 : place + 2]
    if after and after[0].text == "-":
        after = said[place + 2 : place + 3]
    before = said[place - 1].text if place else ""
    small = (said[place].value or 0) <= 12
    return small and (any(each.text in _COUNTED for each in after) or before in _ORDERED)


def _backed(ground: Ground, reply: str) -> frozenset[Fraction]:
    """What follows from the numbers that are known, as the reply or the learner works with them."""
    whole = plain(reply)
    named = {found.lastindex or 0 for found in _UNIT.finditer(whole)}
    common = {value for place in named for value in _FACTORS[_UNITS[place - 1]]}
    if "%" in reply or "percent" in reply:
        common.add(Fraction(100))
    places = digits(ground.known) if _PLACES.search(whole) else frozenset()
    return _follows(ground) | common | _worked_out(ground, reply, common) | places


@lru_cache(maxsize=REMEMBERED)
def _follows(ground: Ground) -> frozenset[Fraction]:
    """Of the dialogue alone: what the tutor's question, the learner's expressions and their parts come to, and round
    numbers without their noughts."""
    tens = [value for value in ground.known if value >= 10 and value % 10 == 0]
    found = {value / power for value in tens for power in (10, 100, 1000)}
    for each in (*ground.asked[:1], *ground.theirs):
        found |= {operation.result for expression in each.expressions for operation in expression.operations}
    return frozenset(found)


def _worked_out(ground: Ground, reply: str, common: set[Fraction]) -> set[Fraction]:
    """Numbers of the reply's expressions and claims: those that come from known ones, and those that lead to one."""
    done = arithmetic(reply)
    known = set(ground.known | _COUNTS | common)
    backed: set[Fraction] = set()
    sides = [*done.expressions, *(claim.left for claim in done.claims), *(claim.right for claim in done.claims)]
    for _ in range(3):
        for expression in sides:
            results = {expression.value, *(operation.result for operation in expression.operations)}
            if set(expression.numbers) <= known | backed:
                backed |= results
        for claim in done.claims:
            if claim.holds and claim.relation == "=":
                values = {*claim.left.numbers, *claim.right.numbers, claim.left.value, claim.right.value}
                if claim.result in known | backed or set(claim.worked.numbers) <= known | backed:
                    backed |= values
    for expression in sides:  # "it looks like you multiplied 56 by 6": where the learner's 336 comes from
        if not expression.is_number and any(same_number(expression.value, each) for each in ground.last[-1:]):
            backed |= set(expression.numbers)
    return backed


def _frames(ground: Ground, reply: str) -> list[tuple[int, int]]:
    """Where an example begins, and all after it: nobody says where one ends."""
    whole = plain(reply)
    for start, end in sentences(reply):
        sentence = whole[start:end]
        if _EXAMPLE.search(sentence) or (_IMAGINED.search(sentence) and _shared(ground, sentence) < _SHARED):
            return [(start, len(whole))]
    return []


def _shared(ground: Ground, sentence: str) -> float:
    words, problem = Text.read(sentence).stems, Text.read(ground.problem).stems
    return len(words & problem) / max(1, len(words))
