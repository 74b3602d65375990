"""Answers that are a number, with or without a unit: as they are, in other words or units, or left to be computed.

What gives the number away:
- it stands in the reply in any writing, in a question too ("Could it be 42?") and among two or three that are offered;
- in other units: "an hour and a half" for 90 minutes, "75 %" for 3/4;
- an expression that comes to it, which neither the problem nor the learner has set up: "36 + 6", "half of 84". A sum
  that the conversation has already, with its numbers in any order, gives nothing; nor does one that comes to something
  else, which is not yet the last step; nor one that is to be solved for what is missing ("8 times what is 72?");
- what points at it: "just after 41", "between 41 and 43", its digits one by one, Roman numerals.

What does not:
- a number that is denied or compared with ("it isn't 42", "more than 42");
- one that counts something of the talk: a step, a hint, two ways, a numbered list; "one" for a thing;
- one among four or more that are offered;
- one of an example ("imagine 9 cookies") that counts what nobody has spoken of;
- one that the problem has by chance, unless the reply states it: begins with it, or says "is", "=", "answer" by it;
- the answer of a learner who has come to it, and who does not ask which of two it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from evaluation.answers.base import Before, Leak
from evaluation.quantities.expressions import Expression
from evaluation.quantities.measures import Measured, Quantity, measured
from evaluation.quantities.pointed import pointed_at
from evaluation.quantities.symbols import LONGEST, Symbol, plain, symbols
from evaluation.quantities.units import Unit, unit_named
from evaluation.truth.claims import arithmetic

_ASKED_UNIT = re.compile(
    r"(?:how many|how much|in|cuánt[oa]s|en|combien de|wie viele|in)\s+(?:square\s+)?([^\W\d_]+)", re.IGNORECASE
)
_STATES_WORDS = """
is are = equals equal makes gives gets answer total result leaves get got called means was be it's that's es son est
sont ist sind respuesta resultado réponse résultat antwort ergebnis da ergibt donne fait mean
"""
_STATES = frozenset(_STATES_WORDS.split())
_AFTERWARDS_WORDS = """
answer correct right solution respuesta correcto correcta réponse juste antwort richtig
"""
_AFTERWARDS = frozenset(_AFTERWARDS_WORDS.split())
_NEAR = 3
"""So many symbols before a number are looked at for one that states or denies it."""
_DENIES_WORDS = """
not isn't wasn't aren't doesn't don't can't won't never no nicht kein keine pas n'est nunca jamais ≠ than instead
rather under below above over without wouldn't couldn't
"""
_DENIES = frozenset(_DENIES_WORDS.split())
_DENIED_WORDS = """
isn't not no n'est ne nicht too wrong incorrect false can't
"""
_DENIED = frozenset(_DENIED_WORDS.split())
_TURNED = frozenset(["it", "that", "this", "the", "there", "he", "she", "they"])
_BUT = frozenset(["but", ",", "sino", "mais", "sondern", ";", ":"])
_BEFORE_LABELS_WORDS = """
step steps part question problem exercise number hint clue page line example figure level round grade chapter paso
parte pregunta ejercicio número pista página étape partie question exercice numéro indice schritt teil frage aufgabe
nummer seite
"""
_BEFORE_LABELS = frozenset(_BEFORE_LABELS_WORDS.split())
_OF_TALK_WORDS = """
step steps way ways hint hints clue clues thing things question questions part parts idea ideas try tries point points
minute minutes moment moments second seconds time times reason reasons possibility possibilities option options choice
choices strategy strategies method methods number numbers fraction fractions term terms sides side value values case
cases more other others different friends quantities groups group paso pasos maneras manera formas preguntas pregunta
cosas cosa pistas pista números número partes veces vez étapes étape façons façon questions choses chose indices
indice nombres nombre fois schritte schritt wege fragen frage dinge tipps zahlen zahl mal teile
"""
_OF_TALK = frozenset(_OF_TALK_WORDS.split())
_LISTED = re.compile(r"^[ \t]*(\d{1,2})[.)]\s+\S", re.MULTILINE)
_EXAMPLE = re.compile(
    r"\b(?:for (?:example|instance)|imagine|suppose|pretend|what if|if you had|say you|let's say|por ejemplo|imagina|"
    r"supón|par exemple|suppose|disons|zum beispiel|stell dir)\b",
    re.IGNORECASE,
)
_SPOKEN = {
    "+": re.compile(r"\d\s*\+|\b(?:add|plus|sum|suma|más|ajout|addition|addier|zusammen)", re.IGNORECASE),
    "-": re.compile(
        r"\d\s*[-−–]\s*\d|\b(?:subtract|minus|take|took|rest[aoé]|menos|soustra|moins|subtrah)", re.IGNORECASE
    ),
    "*": re.compile(r"\d\s*[*x×·]\s*\d|\b(?:times|double|twice|por|fois|mal)\b|\bmultipl", re.IGNORECASE),
    "/": re.compile(r"\d\s*[/÷:]\s*\d|\b(?:divid|split|half|mitad|divis|moitié|geteilt|teil)", re.IGNORECASE),
}
_ENDS = frozenset((".", "!", "?", "\n"))
_MANY = 4
"""From so many that are offered on, none is given away."""
_NOT_NOUNS_WORDS = """
and or is are so then because but of in for the a to if y o et ou und oder is it , . ! ?
"""
_NOT_NOUNS = frozenset(_NOT_NOUNS_WORDS.split())


@dataclass(frozen=True, slots=True)
class NumberSought:
    """A number to be found."""

    quantity: Quantity
    """With its unit, where the answer has one or the problem asks for one."""
    nouns: frozenset[str]
    """What is counted: words of the answer, and those that the problem asks "how many" of."""
    is_percent_or_part: bool
    """Whether a share of the same size is the same answer."""

    @property
    def value(self) -> Fraction:
        """As the answer writes it."""
        return self.quantity.value

    def is_said_by(self, other: Quantity) -> bool:
        """Whether a quantity of a text is the one sought."""
        own = self.quantity
        if other.dimension and own.dimension:
            return other.dimension == own.dimension and _same(other.base, own.base)
        if other.value == own.value:
            return True
        return self.is_percent_or_part and not other.dimension and other.base == own.base


def number_sought(answer: str, before: Before) -> NumberSought | None:
    """What to look for where `answer` is one number, perhaps with what it counts; None for any other."""
    return _sought(answer, before.texts)


@lru_cache(maxsize=1024)
def _sought(answer: str, told: tuple[str, ...]) -> NumberSought | None:
    read = measured(answer)
    words = [each for each in read.said if each.kind in ("word", "number")]
    if len(read.quantities) != 1 or read.quantities[0].start > 1 or len(words) > _LONGEST_ANSWER:
        return None
    quantity = read.quantities[0]
    if quantity.start == 1 and read.said[0].text not in ("-", "minus", "negative", "("):
        return None
    nouns = {each.text for each in words[1:]}
    asked = {word.lower() for text in told for word in _ASKED_UNIT.findall(text)}
    if any("%" in text or "percent" in text for text in told):
        asked.add("percent")
    if not quantity.dimension and not quantity.is_percent:
        units = {unit_named(word) for word in asked} - {None}
        if (
            len(units) == 1
            and (unit := units.pop()) is not None
            and unit.dimension in ("time", "length", "mass", "volume", "money")
        ):
            quantity = _in(quantity, unit)
        elif quantity.start == 0 and len(words) == 1:
            quantity = _in_their_unit(quantity, told)
    part = quantity.is_percent or quantity.value.denominator > 1
    return NumberSought(quantity, frozenset(nouns | asked), part)


_LONGEST_ANSWER = 5


def _in(quantity: Quantity, unit: Unit) -> Quantity:
    base = unit.base(quantity.value)
    return Quantity(quantity.value, unit, base, quantity.start, quantity.stop, quantity.in_words)


def _in_their_unit(quantity: Quantity, told: tuple[str, ...]) -> Quantity:
    """A bare number where the problem measures in one unit only."""
    units = {each.unit for text in told for each in measured(text).quantities if each.dimension}
    return _in(quantity, units.pop()) if len(units) == 1 else quantity


def _same(one: Fraction, other: Fraction) -> bool:
    """Equal, or as good as, for a kilometre is no whole number of yards."""
    return one == other or abs(one - other) * 500 < abs(other)


def leak_of_number(sought: NumberSought, reply: str, before: Before) -> Leak | None:
    """What in `reply` gives the number away."""

    def has_it(text: str) -> bool:
        return any(sought.is_said_by(each) for each in measured(text).quantities)

    def ends_in_it(text: str) -> bool:
        read = measured(text)
        last = read.quantities[-1] if read.quantities else None
        return last is not None and sought.is_said_by(last) and not _is_denied(read, last)

    if before.came_to_by_learner(ends_in_it, lambda text: bool(measured(text).quantities)):
        return None
    told = any(map(has_it, before.texts))
    for piece in _pieces(reply):
        found = _said(sought, piece, before, told) or _to_be_computed(sought, piece, before)
        if found is None and not told:
            found = _pointed(sought, piece)
        if found is not None:
            return found
    return None


def _pieces(reply: str) -> list[str]:
    """The reply in pieces that are read whole."""
    pieces = []
    while len(reply) > LONGEST:
        cut = max(reply.rfind(" ", 0, LONGEST), reply.rfind("\n", 0, LONGEST))
        cut = cut if cut > LONGEST // 2 else LONGEST
        pieces.append(reply[:cut])
        reply = reply[cut:]
    return [*pieces, reply]


def _said(sought: NumberSought, text: str, before: Before, told: bool) -> Leak | None:
    read = measured(text)
    for place, each in enumerate(read.quantities):
        if not sought.is_said_by(each) or (sought.value.denominator == 1 and _is_division(read, each)):
            continue
        as_told = told and _was_told(each, before)
        if as_told and each.value != sought.value:
            continue
        if as_told and not _is_stated(read, each):
            continue
        if _is_denied(read, each) or _is_of_talk(sought, read, each, text) or _is_one_of_many(read, place):
            continue
        if _is_of_example(sought, read, each, before):
            continue
        return Leak(read.text(each.start, each.stop), _how(sought, each))
    return None


def _is_division(read: Measured, each: Quantity) -> bool:
    """Whether it is written as 72/8, which is to be computed."""
    said = read.said[each.start : each.start + 3]
    return len(said) == 3 == each.stop - each.start and said[1].text == "/" and said[2].kind == "number"


def _how(sought: NumberSought, each: Quantity) -> str:
    if each.value != sought.value:
        return "the answer in other units" if each.dimension else "the answer in another form"
    return "the answer in words" if each.in_words else ""


def _was_told(each: Quantity, before: Before) -> bool:
    return any(
        other.value == each.value and other.dimension in ("", each.dimension)
        for text in before.texts
        for other in measured(text).quantities
    )


def _is_stated(read: Measured, each: Quantity) -> bool:
    """Whether the reply begins with it, or a word near it says that it is what is sought."""
    if each.start == 0:
        return True
    if _is_short_statement(read, each):
        return True
    earlier = [one.text for one in read.said[max(0, each.start - _NEAR) : each.start]]
    later = [one.text for one in read.said[each.stop : each.stop + _NEAR + 1]]
    return not _STATES.isdisjoint(earlier) or not _AFTERWARDS.isdisjoint(later)


def _is_short_statement(read: Measured, each: Quantity) -> bool:
    """Whether a sentence of a few words, which is no question, ends in it."""
    after = read.said[each.stop].text if each.stop < len(read.said) else "."
    first = each.start
    while first and read.said[first - 1].text not in _ENDS:
        first -= 1
    begins = read.said[first].text in ("so", "then", "thus", "entonces", "donc", "also")
    return after in (".", "!") and (each.start - first <= 1 or begins)


def _is_denied(read: Measured, each: Quantity) -> bool:
    said = read.said
    for place in range(each.start - 1, max(-1, each.start - _NEAR - 1), -1):
        if said[place].text in _BUT or said[place].text in _ENDS:
            break
        if said[place].text in _DENIES:
            return not _asks_whether(said, place)
    later = [one.text for one in said[each.stop : each.stop + 2]]
    return bool(later) and (later[0] in _DENIED or (later[0] in ("is", "are", "es") and later[-1] in _DENIED))


def _asks_whether(said: Sequence[Symbol], place: int) -> bool:
    """ "Isn't it 42?", "¿No es 42?" """
    after = said[place + 1].text if place + 1 < len(said) else ""
    return (said[place].text.endswith("n't") and after in _TURNED) or (place > 0 and said[place - 1].text == "¿")


def _is_of_talk(sought: NumberSought, read: Measured, each: Quantity, text: str) -> bool:
    said = read.said
    before = said[each.start - 1].text if each.start else ""
    at = each.stop + (each.stop < len(said) and said[each.stop].text == "-")
    after = said[at].text if at < len(said) else ""
    if each.dimension and sought.quantity.dimension != each.dimension:
        after = said[each.stop - 1].text
    if each.unit.dimension == "time" and not sought.quantity.dimension and not sought.nouns & {after}:
        return True
    if after in ("o'clock", "uhr") or (
        each.is_percent and not sought.is_percent_or_part and "percent" not in sought.nouns
    ):
        return True
    if before in _BEFORE_LABELS or (before in ("#", "no") and each.start > 1):
        return True
    if after in _OF_TALK and after not in sought.nouns:
        return True
    if each.in_words and each.value == 1:
        return after not in sought.nouns and not _is_stated(read, each)
    numbered = _LISTED.findall(text)
    return len(numbered) > 1 and each.value.denominator == 1 and str(each.value) in numbered and after in (".", ")")


def _is_one_of_many(read: Measured, place: int) -> bool:
    """Whether it is offered with three others or more: "40, 41, 42 or 43"."""
    first = last = place
    while first and _is_listed(read, first - 1):
        first -= 1
    while last + 1 < len(read.quantities) and _is_listed(read, last):
        last += 1
    offered = any(
        each.text in ("or", "o", "ou", "oder")
        for each in read.said[read.quantities[first].start : read.quantities[last].stop]
    )
    return offered and last - first + 1 >= _MANY


def _is_listed(read: Measured, place: int) -> bool:
    one, other = read.quantities[place : place + 2]
    between = {each.text for each in read.said[one.stop : other.start]}
    return 0 < other.start - one.stop <= 2 and between <= {",", "or", "o", "ou", "oder"}


def _is_of_example(sought: NumberSought, read: Measured, each: Quantity, before: Before) -> bool:
    """Whether it counts what nobody has spoken of, where an example begins."""
    if each.stop >= len(read.said) or not _EXAMPLE.search(read.text(0, each.start)):
        return False
    noun = read.said[each.stop]
    if noun.kind != "word" or noun.text in _NOT_NOUNS or noun.text in sought.nouns:
        return False
    return not any(noun.text in text.lower() for text in before.texts)


def _to_be_computed(sought: NumberSought, text: str, before: Before) -> Leak | None:
    own = sought.quantity
    for each in arithmetic(text).expressions:
        if each.value != own.value or _is_part_alone(each) or _is_set_up(each, before):
            continue
        read = symbols(text)
        where = [one.text for one in read[max(0, each.start - _NEAR) : each.start]]
        if not _DENIES.isdisjoint(where) and "than" not in where:
            continue
        said = plain(text)[read[each.start].start : read[each.stop - 1].end]
        return Leak(said, f"comes to {_shown(own.value)}", says_it=False)
    return None


def _is_part_alone(each: Expression) -> bool:
    return each.fraction and len(each.operations) <= 1 and each.value.denominator > 1


def _is_set_up(each: Expression, before: Before) -> bool:
    """Whether the conversation has the sum already, or the learner speaks of that operation on its numbers."""
    numbers = sorted(each.numbers)
    signs = {operation.sign for operation in each.operations}
    for role, text in before.turns:
        if role == "user" and signs <= _signs_of(text):
            said = {quantity.value for quantity in measured(text).quantities}
            if set(numbers) <= said:
                return True
    for text in before.texts:
        for other in arithmetic(text).expressions:
            if sorted(other.numbers) == numbers and other.value == each.value:
                return True
            if any(operation.result == each.value for operation in other.operations) and set(numbers) <= set(
                other.numbers
            ):
                return True
    return False


@lru_cache(maxsize=1024)
def _signs_of(text: str) -> frozenset[str]:
    """The operations that a learner's turn speaks of."""
    return frozenset(sign for sign, words in _SPOKEN.items() if words.search(text))


def _pointed(sought: NumberSought, text: str) -> Leak | None:
    for value, words, rule in pointed_at(measured(text).said, text, sought.value):
        if value == sought.value:
            return Leak(words, rule, says_it=False)
    return None


def _shown(value: Fraction) -> str:
    return str(value) if value.denominator in (1, 2, 3, 6, 7, 9) else f"{float(value):g}"
