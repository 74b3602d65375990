"""A hint at the wrong place: a step or a number that the reply doubts though it is right, where another is wrong."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from evaluation.quantities.symbols import plain, symbols
from evaluation.truth.claims import Claim, arithmetic, same_number
from evaluation.truth.dialogue import REMEMBERED, Ground, numbers, numbers_of, sentences
from evaluation.truth.operations import operations

_DOUBTS = re.compile(
    r"\b(?:check|recheck|mistakes?|errors?|wrong|incorrect|not (?:quite |exactly )?(?:right|correct)|"
    r"isn't (?:quite )?(?:right|correct)|are you sure|another look|closer look|look again|go back|redo|rework|"
    r"once more|"
    r"reconsider|revisit|careful|went off|slip|oops|recalculate|miscalculated|doesn't (?:look|seem) right|off here|fix|"
    r"problem (?:is )?(?:with|in)|issue)\b",
    re.IGNORECASE,
)
_OF_CALCULATING = re.compile(
    r"\b(?:calculations?|calculate[ds]?|arithmetic|miscalculated|work(?:ed)? (?:it )?out|compute[ds]?|"
    r"(?:addition|subtraction|multiplication|division) (?:is|isn't|mistake|error)|sum is|what do you get|come to|"
    r"comes to)\b",
    re.IGNORECASE,
)
_CERTAIN = re.compile(
    r"\b(?:mistake|error|wrong|incorrect|isn't|is not|not (?:quite )?(?:right|correct)|doesn't|does not|"
    r"miscalculated)\b",
    re.IGNORECASE,
)
_GRANTS = re.compile(
    r"\b(?:(?:is|are|'s|'re) (?:now )?(?:correct|right)|correctly|instead of|rather than|agree|how|why|remember|"
    r"should|need)\b",
    re.IGNORECASE,
)
"""Of what is right there, or a sentence that asks about more than a step."""
_TOPICS = re.compile(r"\b(?:mistakes?|errors?|problems?|issues?|checks?)\b", re.IGNORECASE)
"""Words of doubt that a problem may be about."""
_NOT_GIVEN = re.compile(
    r"\b(?:problem|question|text|it|exercise)(?: \w+)? (?:does not|doesn't|did not|didn't|never|nowhere) "
    r"(?:says?|gives?|mentions?|states?|tells? (?:us|you)|has|have)(?: a| the| any)? ?\W?\d|"
    r"\d\W? (?:is|are|was)(?: not|n't) (?:what the|in the|from the|given|part of the|a number (?:in|of)|mentioned)\b|"
    r"\bthat number is (?:wrong|not right|incorrect)\b",
    re.IGNORECASE,
)


def doubted_right_step(ground: Ground, reply: str) -> str:
    """A step that the reply doubts though it is right, or a given number that it says is not given; empty for none."""
    return _miscalled(ground, reply) or _doubted(ground, reply) or _disowned_number(ground, reply)


def _doubted(ground: Ground, reply: str) -> str:
    right = right_steps(ground)
    if not right:
        return ""
    whole, named = plain(reply), _named(reply)
    results = {claim.result: claim for claim in right}
    for start, end in sentences(reply):
        sentence = whole[start:end]
        if not _is_doubt(ground, sentence) or _GRANTS.search(sentence):
            continue
        here = [values for at, values in named if start <= at < end]
        for claim in right:
            if frozenset(claim.worked.numbers) in here:
                return claim.text
        values = set(numbers(sentence))
        if len(values) == 1 and (named_alone := results.get(next(iter(values)))) is not None:
            return named_alone.text
    return ""


def _miscalled(ground: Ground, reply: str) -> str:
    """A calculation of the learner's that comes out, and that the reply says does not."""
    whole = plain(reply)
    if not _CERTAIN.search(whole) or not _OF_CALCULATING.search(whole) or _GRANTS.search(whole):
        return ""
    named = {values for _, values in _named(reply)}
    said = [claim for text in ground.theirs for claim in text.claims if claim.relation == "="]
    false = {frozenset(claim.worked.numbers) for claim in said if claim.holds is not True}
    for claim in said:
        values = frozenset(claim.worked.numbers)
        if claim.holds and not claim.worked.is_number and values in named - false:
            return claim.text
    return ""


def _disowned_number(ground: Ground, reply: str) -> str:
    """A number of the problem's that is said not to be there."""
    whole = plain(reply)
    spans = sentences(reply)
    for place, (start, end) in enumerate(spans):
        sentence = whole[start:end]
        if not (denied := _NOT_GIVEN.search(sentence)):
            continue
        values = set(numbers(sentence)) or (set(numbers(whole[slice(*spans[place - 1])])) if place else set())
        is_said = ground.is_stated and "?" not in sentence[: denied.end()]
        if len(values) == 1 and is_said and values <= numbers_of(ground.problem):
            return sentence.strip()
    return ""


def _named(reply: str) -> list[tuple[int, frozenset[Fraction]]]:
    said = symbols(reply)
    return [(said[each.start].start, frozenset(each.numbers)) for each in arithmetic(reply).expressions]


def _is_doubt(ground: Ground, sentence: str) -> bool:
    return bool(_DOUBTS.search(_TOPICS.sub(" ", sentence) if _TOPICS.search(ground.problem) else sentence))


@lru_cache(maxsize=REMEMBERED)
def right_steps(ground: Ground) -> tuple[Claim, ...]:
    """Steps of the learner's last turn with sums that are right, where another of that turn, or its result, is not.

    A sum that comes out may still be the wrong one to do: where the solution is known, it has to be among its steps;
    where it is not, another sum has to come out wrong.
    """
    claims = next((each.claims for each in reversed(ground.theirs) if each.claims), ())
    true = tuple(claim for claim in claims if claim.holds and not claim.worked.is_number)
    if ground.final is None:
        return true if any(claim.holds is False for claim in claims) else ()
    solved = {(each.pair, each.result) for each in operations(ground.solution.claims)}
    results = {claim.result for claim in ground.solution.claims}
    return tuple(
        claim
        for claim in true
        if claim.result in results
        and {(each.pair, each.result) for each in claim.worked.operations} & solved
        and not same_number(claim.result, ground.final)
    )
