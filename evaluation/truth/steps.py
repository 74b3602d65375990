"""Operations that a reply advises, and steps that it doubts, against those of the solution and of the learner."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evaluation.quantities.expressions import VERBS, Operation
from evaluation.quantities.symbols import Symbol, plain, symbols
from evaluation.truth.claims import Claim, arithmetic, same_number
from evaluation.truth.dialogue import Ground, numbers, sentences

_DONE = re.compile(
    r"\b(?:you(?:'ve| have| had)? (?:\w+ )?(?:added|subtracted|multiplied|divided|took|did|used|said|wrote|got)|"
    r"why|how (?:did|come)|"
    r"instead of|rather than|not|n't|never|no need|without|seems?|looks?|if you|would you)\b|n't\b",
    re.IGNORECASE,
)
"""What is said of an operation that was done, or is not to be."""
_DOUBTS = re.compile(
    r"\b(?:check|recheck|mistakes?|errors?|wrong|incorrect|not (?:quite |exactly )?(?:right|correct)|"
    r"isn't (?:quite )?(?:right|correct)|are you sure|another look|closer look|look again|go back|redo|rework|"
    r"reconsider|revisit|careful|went off|slip|oops|recalculate|miscalculated|doesn't (?:look|seem) right|off here|fix|"
    r"problem (?:is )?(?:with|in)|issue)\b",
    re.IGNORECASE,
)
_GRANTS = re.compile(
    r"\b(?:(?:is|are|'s|'re) (?:now )?(?:correct|right)|correctly|instead of|rather than|agree|how|why|remember)\b",
    re.IGNORECASE,
)
"""Of what is right there, or a sentence that asks about more than a step."""
_TOPICS = re.compile(r"\b(?:mistakes?|errors?|problems?|issues?|checks?)\b", re.IGNORECASE)
"""Words of doubt that a problem may be about."""
_WORDS_OF_GIVES = "by the that those these another it them this all from to with both extra other"
_GIVES = frozenset(_WORDS_OF_GIVES.split())
_FILLERS = 3
_OF_SIGN = {"+": "adding", "-": "subtracting", "*": "multiplying", "/": "dividing", "^": "a power"}


def wrong_operations(ground: Ground, reply: str) -> list[str]:
    """What the reply advises to do with numbers with which the solution does something else, in words."""
    solved = operations(ground.solution.claims) or [
        each for expression in ground.solution.expressions for each in expression.operations
    ]
    if not solved:
        return []
    whole = plain(reply)
    spans = sentences(reply)
    found: list[str] = []
    quoted = {(each.sign, each.pair) for text in ground.theirs for done in text.expressions for each in done.operations}
    said = symbols(reply)
    for expression in arithmetic(reply).expressions:
        start, end = said[expression.start].start, said[expression.stop - 1].end
        sentence = _around(whole, spans, start)
        if _DONE.search(sentence[0][: start - sentence[1]]):
            continue
        for each in expression.operations:
            if (each.sign, each.pair) in quoted:
                continue
            signs = {other.sign for other in solved if other.pair == each.pair}
            if signs and each.sign not in signs and not _are_inverse(each, solved):
                found.append(f"“{whole[start:end]}”, where the solution is {_OF_SIGN[min(signs)]}")
    return found + _one_sided(solved, said, whole, spans)


def _around(whole: str, spans: list[tuple[int, int]], place: int) -> tuple[str, int]:
    """The sentence that holds `place`, and where it begins."""
    start, end = next(((start, end) for start, end in spans if start <= place < end), (0, len(whole)))
    return whole[start:end], start


def _are_inverse(each: Operation, solved: Iterable[Operation]) -> bool:
    """Whether it undoes a step of the solution: 72 / 8 where that has 9 x 8 = 72."""
    return any({each.left, each.right, each.result} == {other.left, other.right, other.result} for other in solved)


def _one_sided(
    solved: list[Operation], said: tuple[Symbol, ...], whole: str, spans: list[tuple[int, int]]
) -> list[str]:
    """ "Subtract the 5", "multiply by 3": one number, and what is to be done with it."""
    found = []
    for place, each in enumerate(said):
        sign = VERBS.get(each.text, "")
        if not sign or each.text.endswith("ed") or each.text == "took":
            continue
        at = place + 1
        while at < len(said) and at - place <= _FILLERS and said[at].text in _GIVES:
            at += 1
        if at >= len(said) or said[at].value is None or said[at].value in (0, 1, 2):
            continue
        sentence, start = _around(whole, spans, each.start)
        if _DONE.search(sentence[: each.start - start]):
            continue
        value = said[at].value
        following = {other.value for other in said[at + 1 : at + 7] if other.value is not None}
        if following:
            continue  # both sides are there
        signs = {other.sign for other in solved if value in other.pair}
        related = {other.sign for other in solved if value == other.result}
        if signs and sign not in signs | related and not _is_paired(sign, signs):
            found.append(f"“{whole[each.start : said[at].end]}”, where the solution is {_OF_SIGN[min(signs)]}")
    return found


def _is_paired(sign: str, signs: set[str]) -> bool:
    """Whether repeated adding is meant."""
    return sign == "+" and "*" in signs


def operations(claims: Iterable[Claim]) -> list[Operation]:
    """The operations that claims make."""
    return [each for claim in claims for side in (claim.left, claim.right) for each in side.operations]


def doubted_right_step(ground: Ground, reply: str) -> str:
    """A step of the learner's that the reply doubts though it is right, where another is wrong; empty for none."""
    right = right_steps(ground)
    if not right:
        return ""
    whole = plain(reply)
    said = symbols(reply)
    done = arithmetic(reply)
    named = [(said[each.start].start, frozenset(each.numbers)) for each in done.expressions]
    results = {claim.result: claim for claim in right}
    for start, end in sentences(reply):
        sentence = whole[start:end]
        if not _DOUBTS.search(_TOPICS.sub(" ", sentence) if _TOPICS.search(ground.problem) else sentence):
            continue
        if _GRANTS.search(sentence):
            continue
        here = [numbers_ for at, numbers_ in named if start <= at < end]
        for claim in right:
            if frozenset(claim.worked.numbers) in here:
                return claim.text
        values = set(numbers(sentence))
        if len(values) == 1 and (named_alone := results.get(next(iter(values)))) is not None:
            return named_alone.text
    return ""


def right_steps(ground: Ground) -> list[Claim]:
    """Steps of the learner's last turn with sums that are right, where another of that turn, or its result, is not.

    A sum that comes out may still be the wrong one to do: where the solution is known, it has to be among its steps;
    where it is not, another sum has to come out wrong.
    """
    claims = next((each.claims for each in reversed(ground.theirs) if each.claims), ())
    true = [claim for claim in claims if claim.holds and not claim.worked.is_number]
    if ground.final is None:
        return true if any(claim.holds is False for claim in claims) else []
    solved = {(each.pair, each.result) for each in operations(ground.solution.claims)}
    results = {claim.result for claim in ground.solution.claims}
    return [
        claim
        for claim in true
        if claim.result in results
        and {(each.pair, each.result) for each in claim.worked.operations} & solved
        and not same_number(claim.result, ground.final)
    ]
