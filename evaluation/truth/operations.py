"""Operations that a reply speaks of: those it advises, against the solution's, and those it says the learner did,
against the learner's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import Literal

from evaluation.quantities.expressions import Expression, Operation, compute
from evaluation.quantities.symbols import Symbol, plain, symbols
from evaluation.truth.claims import Claim, arithmetic, same_number
from evaluation.truth.dialogue import REMEMBERED, Ground, sentences

_STEMS = {
    "+": "add adds added adding addition plus sum combine combined combining",
    "-": "subtract subtracts subtracted subtracting subtraction minus difference deduct deducted deducting",
    "*": "multiply multiplies multiplied multiplying multiplication product",
    "/": "divide divides divided dividing division quotient",
}
_SIGN_OF = {word: sign for sign, words in _STEMS.items() for word in words.split()}
_NAMES = {"+": "adding", "-": "subtracting", "*": "multiplying", "/": "dividing", "^": "a power"}
_DESCRIBES = re.compile(
    r"\b(?:you(?:'ve| have| had|'re| are| were)?(?: (?:\w+ly|just|first|then|also|only|did|seem to have|may have|"
    r"might have|"
    r"could have))* (?:add|subtract|multipl|divid|solv|deduct|combin|us)\w*(?:ed|ing|d)|your (?:\w+ )?(?:addition|"
    r"subtraction|"
    r"multiplication|division)|why (?:did|do|are|would|were) you|why you|how come you|are you sure (?:about|of)|"
    r"did you)\b",
    re.IGNORECASE,
)
"""What the learner is said to have done."""
_DENIES = re.compile(
    r"\b(?:not|never|no need|without|instead of|rather than|than|or|if|whether|either|why|how (?:did|come|would|"
    r"could|can)|"
    r"(?:would|could|can|should|did|do|does) (?:you|we|it|i)|which)\b|n't\b",
    re.IGNORECASE,
)
_WORDS_OF_FILLERS = (
    "by the that those these another it them this all from to with both extra other of and up your his her their"
)
_DEFINES = re.compile(
    r"\b(?:means?|called|definition|formula|rule|areas?|perimeters?|volumes?|exponents?|power|when (?:we|you)|"
    r"always|order|itself)\b",
    re.IGNORECASE,
)
"""What is said of an operation at all, and not of this problem."""
_FILLERS = frozenset(_WORDS_OF_FILLERS.split())
_NEAR = 4
_COUNTS = (0, 1, 2)
_ENOUGH = 2
"""So many operations of somebody's say which that one uses."""

Pair = tuple[Fraction, ...]
"""Two numbers, the lesser first."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One operation that is spoken of."""

    sign: str
    """Which."""
    numbers: tuple[Fraction, ...]
    """Its two numbers, one of them, or none."""
    text: str
    """As it was said."""
    said: Literal["described", "advised", "asked", "else"]
    """Whether the learner is said to have done it, it is to be done, it is asked for, or none of these."""


def operations(claims: Iterable[Claim]) -> list[Operation]:
    """The operations that claims make."""
    return [each for claim in claims for side in (claim.left, claim.right) for each in side.operations]


def wrong_operations(ground: Ground, reply: str) -> list[str]:
    """The operations that the reply advises or describes and that are others, in words."""
    solved, theirs = Done.of_solution(ground), Done.of_learner(ground)
    found = []
    for each in mentions(reply):
        if each.said == "described":
            if did := _misdescribed(each, theirs, ground):
                found.append(f"says that the learner did “{each.text}”, who {did}")
        elif each.said == "else" or _explains(each, ground):
            continue
        elif signs := _others(each, solved, theirs):
            found.append(f"advises “{each.text}”, where the solution is {_NAMES[min(signs)]}")
        elif each.said == "advised" and not each.numbers and _is_nobodys(each, solved, theirs, ground):
            found.append(f"advises “{each.text}”, which neither the solution nor the learner does")
    return found


def _is_nobodys(each: Mention, solved: Done, theirs: Done, ground: Ground) -> bool:
    signs = solved.signs | theirs.signs
    if not solved.signs or each.sign in signs or ("^" in signs and each.sign == "*"):
        return False
    return _is_named(each) and not _is_spoken_of(each.sign, ground)


def _is_named(each: Mention) -> bool:
    """Whether it is a name of the operation and of nothing else: not a sum of money, nor what adds up."""
    return each.text.lower().startswith(("add", "subtr", "multip", "divi")) and each.text.lower() != "adding up"


def _is_spoken_of(sign: str, ground: Ground) -> bool:
    said = {
        word
        for text in (ground.tutors, ground.learners, ground.worked_out)
        for word in re.findall(r"[a-z]+", text.lower())
    }
    return not said.isdisjoint(_STEMS[sign].split())


def _solution(ground: Ground) -> list[Expression]:
    """The solution's expressions; where it is not known, those of the tutor's turns."""
    sides = [side for claim in ground.solution.claims for side in (claim.left, claim.right)]
    return [*sides, *ground.solution.expressions] or [each for text in ground.asked for each in text.expressions]


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody does with which numbers."""

    pairs: dict[Pair, set[str]]
    """By two numbers, the signs between them; between any two of a sum of several."""
    single: dict[Fraction, set[str]]
    """By one number."""
    results: dict[Fraction, set[str]]
    """By what it comes to."""
    signs: set[str]
    """All."""

    @staticmethod
    @lru_cache(maxsize=REMEMBERED)
    def of_solution(ground: Ground) -> Done:
        """What the solution does; where it is not known, what the tutor's turns do."""
        return Done.of(_solution(ground))

    @staticmethod
    @lru_cache(maxsize=REMEMBERED)
    def of_learner(ground: Ground) -> Done:
        """What the learner does."""
        return Done.of(each for text in ground.theirs for each in text.expressions)

    @staticmethod
    def of(expressions: Iterable[Expression]) -> Done:
        done = Done({}, {}, {}, set())
        for each in expressions:
            for operation in each.operations:
                done.pairs.setdefault(_pair(operation.left, operation.right), set()).add(operation.sign)
                done.results.setdefault(operation.result, set()).add(operation.sign)
                for number in (operation.left, operation.right):
                    done.single.setdefault(number, set()).add(operation.sign)
                done.signs.add(operation.sign)
            signs = {operation.sign for operation in each.operations}
            if signs in ({"+"}, {"*"}) and len(each.numbers) <= 12:
                for one, two in combinations(each.numbers, 2):
                    done.pairs.setdefault(_pair(one, two), set()).update(signs)
        return done


def _pair(one: Fraction, two: Fraction) -> Pair:
    return (min(one, two), max(one, two))


def _others(each: Mention, solved: Done, theirs: Done) -> set[str]:
    """What the solution does with these numbers, where that is something else; empty where it is not."""
    if len(each.numbers) == 2:
        pair = _pair(*each.numbers)
        if each.sign == "^" or (each.sign in "+*" and pair[0] == pair[1]):
            return set()  # again and again
        signs = solved.pairs.get(pair, set())
        if each.sign in theirs.pairs.get(pair, set()) or _undoes(each, solved):
            return set()
    elif each.numbers and each.said == "advised" and each.numbers[0] not in _COUNTS:
        signs = solved.single.get(each.numbers[0], set())
        if each.sign in solved.results.get(each.numbers[0], set()) or (each.sign == "+" and "*" in signs):
            return set()  # one step of several, or adding again and again
    else:
        return set()
    return signs if each.sign not in signs and signs != {"^"} else set()


def _explains(each: Mention, ground: Ground) -> bool:
    """Whether it comes to what the learner said: "12 is 10 + 2, and we multiply"."""
    if len(each.numbers) != 2 or not ground.last:
        return False
    value = compute(each.sign, *each.numbers)
    return value is not None and same_number(value, ground.last[-1])


def _undoes(each: Mention, solved: Done) -> bool:
    """Whether it undoes a step of the solution: 72 / 8 where that has 9 x 8 = 72."""
    for one, two in (each.numbers, each.numbers[::-1]):
        value = compute(each.sign, one, two)
        if value is not None and any(
            solved.results.get(whole, set()) & solved.pairs.get(_pair(value, part), set())
            for whole, part in ((one, two), (two, one))
        ):
            return True
    return False


def _misdescribed(each: Mention, theirs: Done, ground: Ground) -> str:
    """What the learner did with these numbers, where that is something else; empty where it is not, or is unknown."""
    if len(each.numbers) == 2:
        signs = theirs.pairs.get(_pair(*each.numbers), set())
        return f"was {_NAMES[min(signs)]}" if signs and each.sign not in signs else "" if signs else _came(each, ground)
    if each.numbers:
        signs = theirs.single.get(each.numbers[0], set())
        return f"was {_NAMES[min(signs)]}" if signs and each.sign not in signs else ""
    is_new = theirs.signs and each.sign not in theirs.signs and _is_named(each) and not _is_spoken_of(each.sign, ground)
    return "did not" if is_new else ""


def _came(each: Mention, ground: Ground) -> str:
    """What gives the learner's result with these numbers, where this operation does not."""
    if not ground.last:
        return ""
    one, two = each.numbers
    came = [
        sign
        for sign in "+-*/"
        for pair in ((one, two), (two, one))
        if (value := compute(sign, *pair)) is not None and same_number(value, ground.last[-1])
    ]
    return f"was {_NAMES[came[0]]}" if came and each.sign not in came else ""


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
        yield _mention(sign, numbers, whole[each.start : end], before, after)


def _mention(sign: str, numbers: tuple[Fraction, ...], text: str, before: str, after: str) -> Mention:
    first = text.split()[0] if text.split() else ""
    if _DESCRIBES.search(f"{before}{first}"):
        return Mention(sign, numbers, text, "described")
    if _DENIES.search(before):
        return Mention(sign, numbers, text, "else")
    if not numbers and _DEFINES.search(before + text + after):
        return Mention(sign, numbers, text, "else")
    return Mention(sign, numbers, text, "asked" if after.rstrip(" \"')").endswith("?") else "advised")


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
