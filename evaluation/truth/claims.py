"""What a text claims of numbers, and whether it holds: "6 x 7 = 48", "half of 20 is 12", "15 is more than 20"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from evaluation.quantities.expressions import STARTS, STOPS, Expression, expression_at
from evaluation.quantities.symbols import Symbol, plain, symbols_of

_LINK_WORDS = """
that this it which we you i they he she so for of in us me and to a an the total about only exactly now then
answer result left with just already actually indeed still out up as down same back roughly
approximately together again because since
"""
_VERDICT_WORDS = """
is are was were equals equal makes make gives give gets get got leaves leaving leave giving making totals yields would
will it's that's should must be becomes comes results equaling find you'd you'll we'd
"""
_VERDICTS = frozenset(("=", *_VERDICT_WORDS.split()))
"""One of these has to stand between two sides."""
_LINKS = _VERDICTS | {"do", "does", "did", *_LINK_WORDS.split(), ",", ":", ")", "?", "'"}
_WORDS_OF_DIRECT = "= is equals equal to a the same as exactly just 's makes"
_DIRECT = frozenset(_WORDS_OF_DIRECT.split())
"""What may stand between a number and what it is said to come from."""
_WORDS_OF_GROUPS = "groups lots sets times more less fewer of is x"
_GROUPS = frozenset(_WORDS_OF_GROUPS.split())
_NOT = frozenset(("not", "isn't", "doesn't", "aren't", "never", "won't", "≠", "wasn't", "can't", "cannot"))
_LONGEST_LINK = 7
_GREATER = frozenset(("more", "greater", "larger", "bigger", "higher", "longer", ">", "above", "over"))
_SMALLER = frozenset(("less", "fewer", "smaller", "lower", "shorter", "<", "below", "under"))
_ABOUT = re.compile(
    r"\b(?:about|around|approximately|approx|roughly|nearly|almost|rounds?|rounded|close|estimate)", re.I
)
_UNITS = re.compile(
    r"%|\b(?:percent|per cent|hours?|hrs?|minutes?|mins?|seconds?|days?|weeks?|months?|years?|feet|foot|inch|inches|"
    r"yards?|cents?|dollars?|dozens?|km|kilo\w+|met(?:er|re)s?|cm|centi\w+|grams?|kg|pounds?|ounces?|lit(?:er|"
    r"re)s?|ml)\b",
    re.IGNORECASE,
)
FACTORS = frozenset(Fraction(n) for n in (7, 10, 12, 16, 24, 30, 36, 52, 60, 100, 365, 1000, 3600))
"""How many of one unit make another."""
_AUXILIARIES = frozenset(("do", "does", "did"))
_ASKS = re.compile(
    r"^\W*(?:(?:so|and|but|or|then|now|hmm|wait|ok|okay)[\s,]+)*"
    r"(?:is|are|was|does|do|did|can|could|would|will|how|what|why|which|where|when)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Two sides that are said to be equal, or one greater than the other."""

    left: Expression
    """The side that is said first."""
    right: Expression
    """The other."""
    relation: str
    """=, ≠, < or >."""
    holds: bool | None
    """Whether that is so; None where it depends on how it is meant."""
    start: int
    """Where it begins in the plain text."""
    end: int
    """Where it ends."""
    text: str
    """As it was said."""
    asked: bool = False
    """Whether it is a question and not said to be so."""

    @property
    def result(self) -> Fraction:
        """The side that is a number alone, or else the second."""
        return self.left.value if self.left.is_number and not self.right.is_number else self.right.value

    @property
    def worked(self) -> Expression:
        """The other side."""
        return self.right if self.left.is_number and not self.right.is_number else self.left

    @property
    def key(self) -> tuple[frozenset[Fraction], Fraction]:
        """The numbers of its sides and its result: claims of one key say the same."""
        return frozenset(self.worked.numbers), self.result


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """All arithmetic of one text."""

    claims: tuple[Claim, ...]
    """What it claims."""
    expressions: tuple[Expression, ...]
    """All expressions with something to be done, those of claims among them."""


def arithmetic(text: str) -> Arithmetic:
    """The claims and expressions of `text`, in order."""
    return _arithmetic(plain(text))


@lru_cache(maxsize=4096)
def _arithmetic(whole: str) -> Arithmetic:
    """The same of a text that is plain already."""
    said = symbols_of(whole)
    claims: list[Claim] = []
    expressions: list[Expression] = []
    place = 0
    while place < len(said):
        left = expression_at(said, place) if may_begin(said, place) else None
        if left is None:
            place += 1
            continue
        place = left.stop
        _keep(expressions, left)
        while link := _link(said, left.stop):
            relation, after = link
            right = expression_at(said, after)
            if right is None:
                break
            _keep(expressions, right)
            claim = _claim(said, whole, left, _begun(left, right), relation)
            if claim is not None:
                claims.append(claim)
            place, left = right.stop, right
    return Arithmetic(tuple(claims), tuple(expressions))


def _begun(left: Expression, right: Expression) -> Expression:
    """Of "3 x 4 = 12 + 5 = 17", which is written as it is said, the first 12."""
    first = right.numbers[0] if right.numbers else None
    if right.is_number or first is None or left.value == right.value or left.value != first:
        return right
    return Expression(first, right.start, right.start + 1, (first,), ())


def _keep(found: list[Expression], each: Expression) -> None:
    if each.operations:
        found.append(each)


def may_begin(said: Sequence[Symbol], place: int) -> bool:
    """Whether an expression may begin at `place`: no sign before it takes what stands there for its own."""
    if said[place].kind == "mark" and said[place].text not in "([":
        return False
    before = said[place - 1] if place else None
    if before is None:
        return True
    if before.text in ("+", "*", "/", "^", "%", "plus", "minus", "times") or (before.text == "x" and place > 1):
        return False
    return before.text != "-" or before.end < said[place].start or said[place].kind == "word"


def _link(said: Sequence[Symbol], place: int) -> tuple[str, int] | None:
    """What joins the side that ends at `place` to the next, and where that begins; None where nothing does."""
    relation, verdict, at, units = "=", False, place, 0
    while at < len(said) and at - place < _LONGEST_LINK:
        each = said[at]
        if each.kind == "number" or (verdict and each.text in STARTS and each.text != "total"):
            break
        if each.text in ("≈", "≠", "<", ">", "≤", "≥", "<=", ">="):
            relation, verdict = {"≈": "=", "≤": "<", "≥": ">", "<=": "<", ">=": ">"}.get(each.text, each.text), True
        elif each.text in _NOT:
            relation, verdict = "≠", verdict or each.text not in ("not", "never")
        elif verdict and each.text in _GREATER | _SMALLER and at + 1 < len(said) and said[at + 1].text == "than":
            compared = ">" if each.text in _GREATER else "<"
            relation, at = ({">": "<", "<": ">"}[compared] if relation == "≠" else compared), at + 1
        elif each.text == "(" and (closed := _closed(said, at)):
            at = closed
        elif each.text in _LINKS:
            verdict = verdict or each.text in _VERDICTS
        elif each.kind == "word" and not verdict and at - place == units < 3 and each.text not in STOPS:
            units += 1
        else:
            return None
        at += 1
    return (relation, at) if verdict and at < len(said) else None


def _closed(said: Sequence[Symbol], at: int) -> int:
    """Where a remark in brackets ends that has no numbers in it; 0 for what is none."""
    for place in range(at + 1, min(at + _LONGEST_LINK, len(said))):
        if said[place].text == ")":
            return place
        if said[place].kind == "number":
            return 0
    return 0


def _claim(said: Sequence[Symbol], whole: str, left: Expression, right: Expression, relation: str) -> Claim | None:
    """None where what stands around the sides makes them parts of something else, or they are two bare numbers."""
    between = [each.text for each in said[left.stop : right.start]]
    first, last = said[left.start], said[right.stop - 1]
    if _is_open(said, left.start, -1) or _is_open(said, right.stop, 1):
        return None
    if "\n" in whole[said[left.stop - 1].end : said[right.start].start]:
        return None
    after = said[right.stop].text if right.stop < len(said) else ""
    if relation in "=≠" and not _says_something(left, right, between, after):
        return None
    quote = whole[first.start : last.end]
    sentence_start = max(whole.rfind(mark, 0, first.start) for mark in ".!?\n;") + 1
    following = whole[last.end : last.end + 40]
    asks = bool(_ASKS.match(whole[sentence_start : first.end])) or not _AUXILIARIES.isdisjoint(between)
    asked = asks and bool(re.match(r"[^.!;\n]*\?", following))
    holds = _holds(left, right, relation, whole[max(0, first.start - 30) : last.end + 30])
    return Claim(left, right, relation, holds, first.start, last.end, quote, asked)


def _says_something(left: Expression, right: Expression, between: Sequence[str], after: str) -> bool:
    if right.is_number and after in _GROUPS:
        return False  # "3 x 5 would be 3 groups of 5"
    if not left.is_number:
        return True
    if not right.is_number:
        return _DIRECT.issuperset(between) and ("=" in between or not left.fraction)
    # 3/4 = 0.8 says something; "12 = 2/3" sets a part against what it comes to
    both = (left.value, right.value)
    kinds = left.fraction or left.percent, right.fraction or right.percent
    if not any(kinds) or not (between == ["="] or (left.fraction and left.value >= 1)):
        return False
    return all(kinds) or all(each.denominator > 1 for each in both) or all(each >= 1 for each in both)


def _is_open(said: Sequence[Symbol], place: int, step: int) -> bool:
    """Whether a sign, or a letter that stands for a number, goes on where a side ends."""
    at = place - 1 if step < 0 else place
    if not 0 <= at < len(said):
        return False
    each = said[at]
    if each.text in ("+", "*", "/", "^") or each.text in ("plus", "minus", "times"):
        return True
    if step > 0 and each.text in ("divided", "multiplied", "x"):
        return True
    near = said[at + step] if 0 <= at + step < len(said) else None
    if each.text == "-" and near is not None:
        if step > 0:
            return near.kind == "word" and len(near.text) == 1
        return near.kind in ("number", "word") and each.end == said[place].start
    if step < 0 and (each.text == ")" or each.kind == "number") and each.end == said[place].start:
        return True
    is_letter = len(each.text) == 1 and each.kind == "word" and each.text not in "aims"
    return is_letter and (each.end == said[place].start if step < 0 else each.start == said[place - 1].end)


def _holds(left: Expression, right: Expression, relation: str, around: str) -> bool | None:
    one, other = left.value, right.value
    if relation in "<>":
        return one < other if relation == "<" else one > other
    same = are_same(left, right, around)
    if relation == "=":
        return same
    return None if same is None else not same


def are_same(left: Expression, right: Expression, around: str) -> bool | None:
    """Whether both come to the same, rounded perhaps; None where words `around` them let it be meant otherwise."""
    one, other = left.value, right.value
    if one == other:
        return True
    if not left.percent and not right.percent and (_rounds(one, right) or _rounds(other, left)):
        return True
    if one and other:
        ratio = max(abs(one / other), abs(other / one))
        if ratio in FACTORS and _UNITS.search(around):
            return None
        if _ABOUT.search(around) and ratio < Fraction(6, 5):
            return None
    return None if abs(one) == abs(other) else False


def _rounds(value: Fraction, shown: Expression) -> bool:
    """Whether `shown`, a number alone, is `value` rounded, or cut, to its places; to whole ones from a part alone."""
    if not shown.is_number or value.denominator == 1:
        return False
    places = _places(shown.value)
    if places is None:
        return False
    unit = Fraction(1, 10**places)
    gap, exact = abs(value - shown.value), _places(value)
    if exact is None or places == 0:
        return gap < unit
    return gap <= unit / 2


def _places(value: Fraction) -> int | None:
    for places in range(7):
        if (value * 10**places).denominator == 1:
            return places
    return None


def same_number(one: Fraction, other: Fraction) -> bool:
    """Whether they are equal, or as good as: rounding aside."""
    return one == other or math.isclose(float(one), float(other), rel_tol=5e-4)
