"""Is the answer in the reply? A tutor who guides keeps it back; who is asked for a fact gives it.

An answer that is a number, with or without a unit, is found in any writing (`numbers.py`); any other as its words, in
any of their forms. Units are not converted. Of a worked solution the last number is the answer. Where the answer stands
in the conversation already, as when a problem's number happens to be its solution, the reply must state it: begin with
it, or have "is", "=", "answer" or the like right before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, found, metric
from evaluation.metrics.stems import stem
from evaluation.metrics.words import find
from evaluation.quantities.numerals import is_number, terms, value_of

_WORKED = 12
"""An answer of more terms is a worked solution."""
_VARIABLE = re.compile(r"^\s*\$?\s*[a-z]\w?\s*=", re.IGNORECASE)
_ABOUT = re.compile(r"^\s*(?:about|approximately|approx\.?|around|roughly|≈|~)\s*", re.IGNORECASE)
_VERBS = "is are equals makes gives gets answer total result leaves called means"
_STATES = frozenset({"=", *map(stem, _VERBS.split())})
_NEAR = 3
"""So many terms before the answer are looked at for one that states it."""


@lru_cache(maxsize=1024)
def sought(answer: str) -> tuple[tuple[str, ...], ...]:
    """What to look for: one or more runs of terms, any of which is the answer. Empty where there is nothing to seek."""
    said = terms(_ABOUT.sub("", _VARIABLE.sub("", answer)))
    numbers = [term for term in said if is_number(term)]
    if len(said) > _WORKED and numbers:
        return ((numbers[-1],),)
    if len(numbers) == 1 and said[0] == numbers[0] and len(said) <= _NEAR + 1:
        percent = ((f"#{value_of(numbers[0]) / 100}",),) if "%" in said else ()
        return ((numbers[0],), *percent)
    return (said,) if said else ()


def answer_in(answer: str, text: str, told: Sequence[str] = ()) -> str:
    """What of `answer` gives it away in `text`, its number or all of it; empty where `text` does not.

    `told` is what was said before, which may have it by chance.
    """
    inside = terms(text)
    before = [terms(said) for said in told]
    for run in sought(answer):
        places = find(inside, run)
        if any(find(said, run) for said in before):
            places = [place for place in places if _is_stated(inside, place)]
        if places:
            return _as_sought(answer, run)
    return ""


def answer_given_away(case: Case, text: str) -> str:
    """The same of the case's answer, told what was said before `text`."""
    return answer_in(case.answer, text, [m["content"] for m in case.messages if m["role"] != "system"])


def _as_sought(answer: str, run: Sequence[str]) -> str:
    return " ".join(term[1:] for term in run) if all(map(is_number, run)) else answer


def _is_stated(inside: Sequence[str], place: int) -> bool:
    return place == 0 or not _STATES.isdisjoint(inside[max(0, place - _NEAR) : place])


@metric("gives the answer away", better="lower")
def answer_revealed(case: Case, reply: Reply) -> Score:
    """The answer that the learner is to find stands in the reply, as a number in any writing or as its words."""
    return _given(case, reply)


@metric("gives the right answer")
def answer_given(case: Case, reply: Reply) -> Score:
    """The answer that was asked for stands in the reply, as a number in any writing or as its words."""
    return _given(case, reply)


def _given(case: Case, reply: Reply) -> Score:
    runs = () if case.choices else sought(case.answer)
    if not runs:
        return DOES_NOT_APPLY
    return found(answer_given_away(case, reply.text), _as_sought(case.answer, runs[0]))
