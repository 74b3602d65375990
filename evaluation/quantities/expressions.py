"""Expressions in symbols and in words, read and computed: "3 x (4 + 5)", "half of 20", "the square root of 144".

Words of units may stand after a number ("10,000 steps / 2"). Where a letter takes the place of a number there is no
expression: nothing is known of x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from evaluation.quantities.symbols import Symbol

_DEEPEST = 8
_LONGEST = 40
"""Symbols of one expression."""
_LARGEST = Fraction(10) ** 15
_UNIT_WORDS = 3
"""So many words may stand between a number and the sign after it."""

_INFIX = {
    "plus": "+", "+": "+", "minus": "-", "-": "-", "times": "*", "*": "*", "x": "*", "multiplied": "*", "/": "/",
    "divided": "/", "over": "/", "^": "^", "and": "+",
}  # fmt: skip
_TOGETHER = frozenset(("make", "makes", "gives", "give", "equals", "totals"))
_POWER = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
_HALF = Fraction(1, 2)
_MULTIPLES = {
    **dict.fromkeys(("half", "halve", "halving"), _HALF),
    **dict.fromkeys(("twice", "double", "doubling"), Fraction(2)),
    **dict.fromkeys(("triple", "tripling", "thrice"), Fraction(3)),
}
_NAMES_OF_PARTS = "third quarter fourth fifth sixth seventh eighth ninth tenth"
_PARTS = dict(zip(_NAMES_OF_PARTS.split(), (3, 4, 4, 5, 6, 7, 8, 9, 10), strict=True))
_NAMES_OF_PLURALS = "ones twos threes fours fives sixes sevens eights nines tens elevens twelves"
_PLURALS = {word: Fraction(value) for value, word in enumerate(_NAMES_OF_PLURALS.split(), start=1)} | {
    "twenties": Fraction(20),
    "hundreds": Fraction(100),
    "thousands": Fraction(1000),
}
"""Seven sixes, four tens and two ones."""
_CHANGED = {"squared": ("^", 2), "cubed": ("^", 3), "doubled": ("*", 2), "tripled": ("*", 3), "halved": ("/", 2)}
_LISTS = {"sum": "+", "total": "+", "difference": "-", "product": "*", "quotient": "/"}
VERBS = {
    **dict.fromkeys(("add", "adding", "added", "adds", "combine", "combining"), "+"),
    **dict.fromkeys(("subtract", "subtracting", "subtracted", "take", "taking", "took", "deduct", "remove"), "-"),
    **dict.fromkeys(("multiply", "multiplying", "multiplied"), "*"),
    **dict.fromkeys(("divide", "dividing", "divided", "split"), "/"),
}
_JOINS = {
    "+": frozenset(("and", "to", "with", "plus", ",", "+")),
    "-": frozenset(("from", "minus", "-")),
    "*": frozenset(("by", "and", "with", "times", "*", "x")),
    "/": frozenset(("by", "into", "/")),
}
_WORDS_OF_FILLERS = "the a an of that those these this their his her your our all both up away together out"
_FILLERS = frozenset(_WORDS_OF_FILLERS.split())
_MORE = frozenset(("more", "greater", "larger", "bigger", "higher", "longer", "older", "taller"))
_LESS = frozenset(("less", "fewer", "smaller", "lower", "shorter", "younger"))
STARTS = frozenset((*_MULTIPLES, *_PARTS, *_LISTS, *VERBS, "(", "[", "-", "√", "square", "cube"))
"""What an expression may begin with, besides a number."""
STOPS = frozenset(
    [
        "and",
        "or",
        "but",
        "so",
        "if",
        "then",
        "because",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "equals",
        "equal",
        "makes",
        "make",
        "gives",
        "give",
        "get",
        "gets",
        "got",
        "has",
        "have",
        "had",
        "not",
        "isn't",
        "aren't",
        "that",
        "which",
        "what",
        "how",
        "why",
        "when",
        "where",
        "who",
        "see",
        "check",
        "remember",
        "you",
        "we",
        "i",
        "he",
        "she",
        "they",
        "it",
        "would",
        "will",
        "should",
        "must",
        "can",
        "could",
        "did",
        "do",
        "does",
        "than",
        "as",
        "to",
        "from",
        "by",
        "with",
        "at",
        "for",
        "into",
        "per",
        "more",
        "less",
        "fewer",
        "of",
        "plus",
        "minus",
        "times",
        "multiplied",
        "divided",
        "over",
        "add",
        "subtract",
        "leaves",
        "leaving",
        "left",
        "leads",
        "means",
        "need",
        "needs",
        "let's",
        "let",
        "yields",
        "than",
    ]
)
"""No words of units."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on two numbers."""

    sign: str
    """+, -, *, /, ^ or √, of which the right side is the degree."""
    left: Fraction
    """What stands before it."""
    right: Fraction
    """What stands after it."""
    result: Fraction
    """What it comes to."""

    @property
    def pair(self) -> frozenset[Fraction]:
        """Its two numbers."""
        return frozenset((self.left, self.right))


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, or a number alone, and what it comes to."""

    value: Fraction
    """What it comes to."""
    start: int
    """Index of its first symbol."""
    stop: int
    """Index behind its last."""
    numbers: tuple[Fraction, ...]
    """Those written in it, in order."""
    operations: tuple[Operation, ...]
    """Those it asks for, the first to be done first; a fraction such as 3/4 asks for none."""
    fraction: bool = False
    """Whether it is a fraction alone."""
    percent: bool = False
    """Whether it is a number of per cent alone."""

    @property
    def is_number(self) -> bool:
        """Whether nothing is to be done."""
        return not self.operations


def expression_at(said: Sequence[Symbol], start: int) -> Expression | None:
    """The longest expression that begins at symbol `start`; None where none does, or where it cannot be computed."""
    return _Reader(said, min(len(said), start + _LONGEST)).expression(start, 0, 0)


class _Reader:
    """Precedence climbing over the symbols of one text."""

    def __init__(self, said: Sequence[Symbol], stop: int) -> None:
        self.said, self.stop = said, stop

    def text(self, place: int) -> str:
        return self.said[place].text if 0 <= place < self.stop else ""

    def expression(self, start: int, lowest: int, depth: int) -> Expression | None:
        left = self.operand(start, depth)
        while left is not None:
            sign, after = self.infix(left.stop)
            if not sign or _POWER[sign] < max(1, lowest):
                break
            right = self.expression(after, _POWER[sign] + 1, depth + 1) if depth < _DEEPEST else None
            joined = _joined(sign, left, right, left.start, right.stop) if right else None
            if joined is None:
                break
            glued = sign == "/" and left.is_number and joined.stop - joined.start == 3 and self._is_glued(joined)
            left = _fraction(joined) if glued else joined
        return left

    def _is_glued(self, found: Expression) -> bool:
        one, sign, other = self.said[found.start : found.stop]
        return one.end == sign.start and sign.end == other.start and max(one.value or 0, other.value or 0) <= 1000

    def infix(self, place: int) -> tuple[str, int]:
        """The sign that follows, past words of units, and where what it joins begins."""
        for skipped in range(_UNIT_WORDS + 1):
            each = self.said[place + skipped] if place + skipped < self.stop else None
            if each is None:
                break
            sign = _INFIX.get(each.text, "")
            if sign:
                return self._after_sign(sign, place + skipped, skipped)
            if each.text == "(" and not skipped and self._is_glued_to_number(place):
                return "*", place
            if each.kind != "word" or each.text in STOPS or (len(each.text) == 1 and each.text not in "am"):
                break
        return "", place

    def _after_sign(self, sign: str, at: int, skipped: int) -> tuple[str, int]:
        each, after = self.said[at], at + 1
        if each.text in ("multiplied", "divided"):
            if self.text(after) not in ("by", "with", "into"):
                return "", at
            after += 1
        if each.text == "times" and self.text(after) in ("as", "more", "the"):
            return self._times_as(after)
        if sign == "-" and each.text == "-" and skipped and not _is_spaced(self.said, at):
            return "", at  # a hyphen in a word
        if each.text in ("over", "and") and (skipped or each.text == "and") and not self._makes(at):
            return "", at
        while self.text(after) in ("the", "a", "by"):
            after += 1
        return sign, after

    def _makes(self, at: int) -> bool:
        """Whether what stands at `at` is "and", and "makes" follows what it joins: "12 and 5 makes 17"."""
        if self.text(at) != "and" or at + 1 >= self.stop or self.said[at + 1].kind != "number":
            return False
        after = at + 2
        while after - at < 2 + _UNIT_WORDS and self._is_unit(after, frozenset()):
            after += 1
        return self.text(after) in _TOGETHER

    def _times_as(self, after: int) -> tuple[str, int]:
        """Behind "3 times": "the 5", or "as many (boxes) as 5"."""
        if self.text(after) == "the":
            return "*", after + 1
        for at in range(after, min(after + 6, self.stop)):
            if self.text(at) in ("as", "than") and at > after and at + 1 < self.stop:
                return ("*", at + 1) if self.said[at + 1].kind == "number" else ("", after)
        return "", after

    def operand(self, place: int, depth: int) -> Expression | None:
        if depth >= _DEEPEST or place >= self.stop:
            return None
        each = self.said[place]
        if each.kind == "number" and each.value is not None:
            return self.number(place, each.value, depth)
        if each.text == "(" or each.text == "[":
            inside = self.expression(place + 1, 0, depth + 1)
            if inside is None:
                return None
            stop = inside.stop
            while stop - inside.stop < _UNIT_WORDS and self._is_unit(stop, frozenset()):
                stop += 1
            closed = self.text(stop) in (")", "]")
            return _moved(inside, place, stop + 1) if closed else None
        if each.text == "-" and place + 1 < self.stop and self.said[place + 1].start == each.end:
            inside = self.operand(place + 1, depth + 1)
            return None if inside is None else _scaled(inside, Fraction(-1), place)
        if each.kind == "word" or each.text == "√":
            return self.in_words(place, depth)
        return None

    def number(self, place: int, value: Fraction, depth: int) -> Expression | None:
        nothing = Expression(value, place, place + 1, (value,), ())
        following = self.said[place + 1] if place + 1 < self.stop else None
        if following is None:
            return nothing
        if (
            following.text == "%"
            or following.text == "percent"
            or (following.text == "per" and self.text(place + 2) == "cent")
        ):
            stop = place + (3 if following.text == "per" else 2)
            percent = Expression(value / 100, place, stop, (value,), (), percent=True)
            return self.part_of(percent, depth)
        if self._is_variable(place + 1):
            return None  # 2x
        if following.kind == "number" and following.value is not None and self.text(place + 2) == "/":
            return self.mixed(place, value, nothing)
        if following.text in _CHANGED:
            sign, by = _CHANGED[following.text]
            return _joined(sign, nothing, Expression(Fraction(by), place, place + 1, (), ()), place, place + 2)
        if following.text in _PLURALS:
            return self.of_plural(nothing, depth)
        if following.text == "/" and self.text(place + 3) == "of" and place + 2 < self.stop:
            below = self.said[place + 2].value
            if below:
                return self.part_of(
                    Expression(value / below, place, place + 3, (value, below), (), fraction=True), depth
                )
        if value.denominator > 1 and following.text == "of":
            return self.part_of(nothing, depth)
        return self.more_than(nothing, depth)

    def _is_variable(self, at: int) -> bool:
        each = self.said[at]
        if each.text not in _LETTERS or each.start != self.said[at - 1].end:
            return False
        return each.text != "x" or at + 1 >= self.stop or self.said[at + 1].kind != "number"

    def mixed(self, place: int, whole: Fraction, nothing: Expression) -> Expression:
        above, below = self.said[place + 1].value, self.said[place + 3].value if place + 3 < self.stop else None
        if above is None or not below or not above < below <= 100 or whole.denominator > 1:
            return nothing
        return Expression(whole + above / below, place, place + 4, (whole + above / below,), (), fraction=True)

    def part_of(self, part: Expression, depth: int) -> Expression:
        """20% of 50, 3/4 of 12."""
        at = part.stop
        if self.text(at) != "of":
            return part
        at = self._past_fillers(at + 1)
        whole = self.operand(at, depth + 1)
        joined = _joined("*", part, whole, part.start, whole.stop) if whole else None
        return joined or part

    def of_plural(self, many: Expression, depth: int) -> Expression:
        """7 sixes; 4 tens and 2 ones."""
        worth = _PLURALS[self.text(many.stop)]
        found = _joined("*", many, Expression(worth, many.start, many.start, (worth,), ()), many.start, many.stop + 1)
        if found is None:
            return many
        at = found.stop + (self.text(found.stop) == ",")
        at += self.text(at) in ("and", "plus")
        more = self.said[at].value if at + 1 < self.stop else None
        if at > found.stop and more is not None and _PLURALS.get(self.text(at + 1), worth) < worth and depth < _DEEPEST:
            rest = self.operand(at, depth + 1)
            return (rest and _joined("+", found, rest, many.start, rest.stop)) or found
        return found

    def more_than(self, by: Expression, depth: int) -> Expression:
        """5 more than 12."""
        at = by.stop
        for _ in range(2):
            if self.text(at) in _MORE or self.text(at) in _LESS:
                break
            if at < self.stop and self.said[at].kind == "word" and self.text(at) not in STOPS:
                at += 1
        sign = "+" if self.text(at) in _MORE else "-" if self.text(at) in _LESS else ""
        if not sign or self.text(at + 1) != "than":
            return by
        whole = self.operand(self._past_fillers(at + 2), depth + 1)
        return (whole and _joined(sign, whole, by, by.start, whole.stop)) or by

    def in_words(self, place: int, depth: int) -> Expression | None:
        word = self.text(place)
        if word in _MULTIPLES:
            at = self._past_fillers(place + 1)
            if self.text(at) == "as":
                return None
            whole = self.operand(at, depth + 1)
            factor = _MULTIPLES[word]
            return (
                _joined("*", Expression(factor, place, place, (factor,), ()), whole, place, whole.stop)
                if whole
                else None
            )
        if word in ("√", "sqrt"):
            return self.root(place, place + 1, 2, depth)
        if word in ("square", "cube") and self.text(place + 1) == "root" and self.text(place + 2) == "of":
            return self.root(place, self._past_fillers(place + 3), 2 if word == "square" else 3, depth)
        if word in _PARTS and self.text(place - 1) in ("a", "one") and self.text(place + 1) == "of":
            whole = self.operand(self._past_fillers(place + 2), depth + 1)
            factor = Fraction(1, _PARTS[word])
            return (
                _joined("*", Expression(factor, place, place, (factor,), ()), whole, place, whole.stop)
                if whole
                else None
            )
        if word in _LISTS and self.text(place + 1) in ("of", "between", "from"):
            return self.joined_by(_LISTS[word], place, place + 2, frozenset(("and", "from", "by", ",", "plus")), depth)
        if word in VERBS:
            return self.joined_by(VERBS[word], place, place + 1, _JOINS[VERBS[word]], depth)
        return None

    def root(self, start: int, place: int, degree: int, depth: int) -> Expression | None:
        """Only of what has one that can be written."""
        under = self.operand(place, depth + 1)
        value = exact_root(under.value, degree) if under else None
        if under is None or value is None:
            return None
        done = (*under.operations, Operation("√", under.value, Fraction(degree), value))
        return Expression(value, start, under.stop, under.numbers, done)

    def joined_by(self, sign: str, start: int, place: int, joins: frozenset[str], depth: int) -> Expression | None:
        """Two or more operands with words such as "and" between them."""
        left = self.operand(self._past_fillers(place), depth + 1)
        while left is not None:
            at = left.stop
            while at - left.stop < _UNIT_WORDS and self._is_unit(at, joins):
                at += 1
            join = self.text(at)
            if join not in joins:
                break
            at += 1 + (join == "," and self.text(at + 1) == "and")
            right = self.operand(self._past_fillers(at), depth + 1)
            if right is None:
                break
            turned = join == "from"
            one, other = (right, left) if turned else (left, right)
            joined = _joined(sign, one, other, start, right.stop)
            if joined is None:
                break
            left = joined
            if sign in "-/":
                break
        return left if left is not None and left.start == start else None

    def _is_glued_to_number(self, at: int) -> bool:
        before = self.said[at - 1]
        return before.text == ")" or (before.kind == "number" and before.end == self.said[at].start)

    def _is_unit(self, at: int, joins: frozenset[str]) -> bool:
        if at >= self.stop:
            return False
        each = self.said[at]
        return (
            each.kind == "word" and each.text not in joins and (each.text not in STOPS or each.text in ("it", "them"))
        )

    def _past_fillers(self, at: int) -> int:
        first = at
        while at < self.stop and at - first < 3 and self.text(at) in _FILLERS:
            at += 1
        return at


_LETTERS = frozenset("abcdefghijklnopqrstuvwxyz")  # "m" is a unit


def _joined(sign: str, left: Expression, right: Expression | None, start: int, stop: int) -> Expression | None:
    if right is None:
        return None
    value = compute(sign, left.value, right.value)
    if value is None:
        return None
    done = (*left.operations, *right.operations, Operation(sign, left.value, right.value, value))
    return Expression(value, start, stop, (*left.numbers, *right.numbers), done)


def compute(sign: str, left: Fraction, right: Fraction) -> Fraction | None:
    """The result; None where there is none, or one beyond counting."""
    if sign == "/":
        value = left / right if right else None
    elif sign == "^":
        fits = right.denominator == 1 and 0 <= right <= 20 and abs(left) <= 1000 and left.denominator <= 1000
        value = Fraction(left ** int(right)) if fits else None
    else:
        value = left + right if sign == "+" else left - right if sign == "-" else left * right
    return value if value is not None and abs(value) < _LARGEST and value.denominator < _LARGEST else None


def _fraction(found: Expression) -> Expression:
    """Two numbers with a stroke between them: of more than 1, it may be a division."""
    done = found.operations if found.value > 1 else ()
    return Expression(found.value, found.start, found.stop, found.numbers, done, fraction=True)


def exact_root(value: Fraction, degree: int) -> Fraction | None:
    """The root of `value` where it is a fraction."""
    if value < 0:
        return None
    ends = [round(float(each) ** (1 / degree)) for each in (value.numerator, value.denominator)]
    root = Fraction(ends[0], ends[1] or 1)
    return root if root**degree == value else None


def _moved(found: Expression, start: int, stop: int) -> Expression:
    return Expression(found.value, start, stop, found.numbers, found.operations, found.fraction, found.percent)


def _scaled(found: Expression, factor: Fraction, start: int) -> Expression:
    numbers = tuple(factor * each for each in found.numbers) if found.is_number else found.numbers
    return Expression(factor * found.value, start, found.stop, numbers, found.operations, found.fraction)


def _is_spaced(said: Sequence[Symbol], at: int) -> bool:
    return said[at - 1].end < said[at].start
