"""Operations that a reply speaks of: those it advises, against the solution's, and those it says the learner did,
against the learner's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from evaluation.quantities.expressions import Operation, compute
from evaluation.quantities.symbols import Symbol, plain, symbols
from evaluation.truth.claims import Claim, arithmetic, same_number
from evaluation.truth.dialogue import Ground, sentences

_STEMS = {
    "+": "add adds added adding addition plus sum combine combined combining",
    "-": "subtract subtracts subtracted subtracting subtraction minus difference deduct deducted deducting",
    "*": "multiply multiplies multiplied multiplying multiplication product times",
    "/": "divide divides divided dividing division quotient",
}
_SIGN_OF = {word: sign for sign, words in _STEMS.items() for word in words.split()}
_NAMES = {"+": "adding", "-": "subtracting", "*": "multiplying", "/": "dividing", "^": "a power"}
_DESCRIBES = re.compile(
    r"\b(?:you(?:'ve| have| had|'re| are| were)?(?: (?:\w+ly|just|first|then|also|only|did|mistakenly|seem to "
    r"have|may have|"
    r"might have|could have))* (?:add|subtract|multipl|divid|solv|deduct|combin|us)\w*(?:ed|ing|d)|your (?:\w+ "
    r")?(?:addition|"
    r"subtraction|multiplication|division)|why (?:did|do|are|would|were) you|why you|how come you)\b",
    re.IGNORECASE,
)
"""What the learner is said to have done."""
_DENIES = re.compile(
    r"\b(?:not|never|no need|without|instead of|rather than|than|or|if|whether|either|why|how|would|could|can|"
    r"what|which)\b|n't\b",
    re.IGNORECASE,
)
_WORDS_OF_FILLERS = (
    "by the that those these another it them this all from to with both extra other of and up your his her their"
)
_FILLERS = frozenset(_WORDS_OF_FILLERS.split())
_NEAR = 4
_COUNTS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Mention:
    """One operation that is spoken of."""

    sign: str
    """Which."""
    numbers: tuple[Fraction, ...]
    """Its two numbers, one of them, or none."""
    text: str
    """As it was said."""
    described: bool
    """Whether the learner is said to have done it."""
    advised: bool
    """Whether it is said to be done: neither a question nor a denial."""


def operations(claims: Iterable[Claim]) -> list[Operation]:
    """The operations that claims make."""
    return [each for claim in claims for side in (claim.left, claim.right) for each in side.operations]


def wrong_operations(ground: Ground, reply: str) -> list[str]:
    """The operations that the reply advises or describes and that are others, in words."""
    found = []
    spoken = list(mentions(reply))
    solved, theirs = _solved(ground), _theirs(ground)
    for each in spoken:
        if each.described:
            wrong = _misdescribed(each, theirs, ground)
            if wrong:
                found.append(f"says that the learner did “{each.text}”, who {wrong}")
        elif each.advised and (signs := _others(each, solved, theirs)):
            found.append(f"advises “{each.text}”, where the solution is {_NAMES[min(signs)]}")
    return found


def _solved(ground: Ground) -> list[Operation]:
    return operations(ground.solution.claims) or [
        each for expression in ground.solution.expressions for each in expression.operations
    ]


def _theirs(ground: Ground) -> list[Operation]:
    return [each for text in ground.theirs for done in text.expressions for each in done.operations]


def _others(each: Mention, solved: Sequence[Operation], theirs: Sequence[Operation]) -> set[str]:
    """What the solution does with these numbers, where that is something else; empty where it is not."""
    numbers = frozenset(each.numbers)
    if not numbers or numbers <= set(_COUNTS) or (len(each.numbers) == 1 and min(numbers) in _COUNTS):
        return set()
    if len(each.numbers) > 1:
        if any(other.pair == numbers and other.sign == each.sign for other in theirs):
            return set()
        if any(numbers <= {other.left, other.right, other.result} and other.pair != numbers for other in solved):
            return set()  # it undoes a step
        signs = {other.sign for other in solved if other.pair == numbers}
    else:
        signs = {other.sign for other in solved if numbers & other.pair}
        if any(numbers & {other.result} for other in solved if other.sign == each.sign):
            return set()
        if each.sign == "+" and "*" in signs:
            return set()  # adding again and again
    return signs if each.sign not in signs else set()


def _misdescribed(each: Mention, theirs: Sequence[Operation], ground: Ground) -> str:
    """What the learner did with these numbers, where that is something else; empty where it is not, or is unknown."""
    numbers = frozenset(each.numbers)
    if not numbers:
        return ""
    about = [other for other in theirs if (other.pair == numbers if len(numbers) > 1 else numbers <= other.pair)]
    if about:
        signs = {other.sign for other in about}
        return "" if each.sign in signs else f"was {_NAMES[min(signs)]}"
    if len(each.numbers) == 2 and ground.last:
        one, two = each.numbers
        results = {sign: compute(sign, *pair) for sign in "+-*/" for pair in ((one, two), (two, one))}
        results |= {f"{sign}'": compute(sign, two, one) for sign in "-/"}
        came = [sign[0] for sign, value in results.items() if value is not None and same_number(value, ground.last[-1])]
        return f"was {_NAMES[came[0]]}" if came and each.sign not in came else ""
    return ""


def mentions(reply: str) -> Iterator[Mention]:
    """The operations that `reply` speaks of, in order: those of its expressions, then those of single words."""
    whole, said, spans = plain(reply), symbols(reply), sentences(reply)
    covered: list[tuple[int, int]] = []
    for expression in arithmetic(reply).expressions:
        start, end = said[expression.start].start, said[expression.stop - 1].end
        covered.append((start, end))
        before, after = _beside(whole, spans, start, end)
        for done in expression.operations:
            yield _mention(done.sign, (done.left, done.right), whole[start:end], before, after)
    for place, each in enumerate(said):
        sign = _SIGN_OF.get(each.text, "")
        if not sign or any(start <= each.start < end for start, end in covered):
            continue
        number = _number_after(said, place)
        end = said[number].end if number else each.end
        before, after = _beside(whole, spans, each.start, end)
        numbers = (said[number].value or Fraction(0),) if number else ()
        yield _mention(sign, numbers, whole[each.start : end], f"{before}{each.text}", after)


def _mention(sign: str, numbers: tuple[Fraction, ...], text: str, before: str, after: str) -> Mention:
    described = bool(_DESCRIBES.search(before + text))
    advised = not described and not _DENIES.search(before) and not after.rstrip().endswith("?")
    return Mention(sign, numbers, text, described, advised)


def _beside(whole: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> tuple[str, str]:
    """The sentence around a place, up to it and behind it."""
    first, last = next(((a, b) for a, b in spans if a <= start < b), (0, len(whole)))
    return whole[first:start], whole[end:last]


def _number_after(said: Sequence[Symbol], place: int) -> int:
    """Where the one number stands that a word such as "subtract" takes; 0 for none, or more than one."""
    at = place + 1
    while at < len(said) and at - place <= _NEAR and said[at].text in _FILLERS:
        at += 1
    if at >= len(said) or said[at].value is None:
        return 0
    return 0 if any(each.value is not None for each in said[at + 1 : at + 6]) else at
