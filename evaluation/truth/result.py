"""Is the learner's last result right? By the solution where it is known, by the tutor's question, by the sums.

None where none of these tells: then nobody is guilty of agreeing with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from evaluation.quantities.symbols import plain
from evaluation.truth.claims import Claim, same_number
from evaluation.truth.dialogue import REMEMBERED, Ground

_CONCLUDES = re.compile(
    r"\b(?:so|therefore|thus|hence|total|altogether|answer|which (?:is|means|gives)|that means|gives|equals?|in all|"
    r"left|need|would be|will be|must be|is|get|got|has|have)\b|=",
    re.IGNORECASE,
)
_ANSWERS = re.compile(r"\b(?:answer|therefore|final|in total|altogether)\b", re.IGNORECASE)
_FEW_WORDS = 4
_TURNS_BACK = 3
"""So many of the tutor's turns are looked at for what was asked."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the learner came to last."""

    value: Fraction | None
    """The number; None where there is none."""
    right: bool | None
    """Whether it is right; None where nobody can tell."""
    why: str = ""
    """What tells."""
    reached: bool = False
    """Whether it is the final one, or what was asked for: then there is nothing to deny."""
    wrong: frozenset[Fraction] = frozenset()
    """Results of the learner's last turn that are known to be wrong."""


@lru_cache(maxsize=REMEMBERED)
def last_result(ground: Ground) -> Result:
    """The last number of the learner's last turn, and whether it is right."""
    if not ground.last:
        return Result(None, None)
    value = ground.last[-1]
    if wrong := false_claims(ground):
        strange = frozenset(claim.result for claim in wrong)
        return Result(value, False, f"the learner's {wrong[-1].text}", wrong=strange)
    if ground.final is not None:
        return _by_solution(ground, value)
    return _by_question(ground, value)


def false_claims(ground: Ground) -> list[Claim]:
    """Sums of the learner's last turn that do not come out."""
    return [claim for claim in _said(ground) if claim.holds is False]


def _said(ground: Ground) -> tuple[Claim, ...]:
    return ground.theirs[-1].claims if ground.theirs else ()


def _by_solution(ground: Ground, value: Fraction) -> Result:
    assert ground.final is not None
    comes_to = f"the solution comes to {_shown(ground.final)}"
    if same_number(value, ground.final):
        return Result(value, True, comes_to, True)
    results = [claim.result for claim in _said(ground)] or ([value] if _is_concluded(ground) else [])
    strange = [each for each in results if not _is_one_of(each, ground.worked) and each not in ground.given]
    if strange:
        why = f"{_shown(strange[-1])} is no result of the solution: {comes_to}"
        return Result(value, False, why, wrong=frozenset(strange))
    is_step = _is_one_of(value, [claim.result for claim in ground.solution.claims])
    if _ANSWERS.search(plain(ground.said)) and not is_step:
        return Result(value, False, comes_to, wrong=frozenset((value,)))
    return Result(value, True, "a step of the solution") if is_step else Result(value, None)


def _is_one_of(value: Fraction, others: Iterable[Fraction]) -> bool:
    return any(same_number(value, each) for each in others)


def _is_concluded(ground: Ground) -> bool:
    return len(ground.said.split()) <= _FEW_WORDS or bool(_CONCLUDES.search(plain(ground.said)))


def _by_question(ground: Ground, value: Fraction) -> Result:
    """The tutor asked "What is 15 - 6?", and the learner's turn has one number or a sum."""
    asked = next((text.expressions for text in ground.asked[:_TURNS_BACK] if text.expressions), ())
    if not asked or len(set(ground.last)) > 1 + len(asked[-1].numbers):
        return Result(value, None)
    wanted = asked[-1].value
    if same_number(value, wanted):
        return Result(value, True, f"{_shown(wanted)} was asked for", True)
    if value in asked[-1].numbers or any(same_number(value, each.result) for each in asked[-1].operations):
        return Result(value, None)
    why = f"{_shown(value)} where {_shown(wanted)} was asked for"
    return Result(value, False, why, wrong=frozenset((value,)))


def _shown(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):.4g}"
