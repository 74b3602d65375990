"""How a reply speaks: does it say the mistake back, does it end by itself and in its role, does it pass its checks?"""

from __future__ import annotations

from data_mix.language.teaching import ROLE_LEAK
from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, found, metric, quoted
from evaluation.metrics.words import contains, to_tutors_person


@metric("says the mistake back", better="lower")
def echo(case: Case, reply: Reply) -> Score:
    """The learner's whole sentence is said back, mistake and all, as it was said or in the tutor's person."""
    if case.truth is None or not case.truth.error:
        return DOES_NOT_APPLY
    ways = (case.learner, to_tutors_person(case.learner))
    return found(next((said for said in ways if contains(reply.text, said)), ""))


@metric("ends by itself and stays in its role", restraint=True)
def in_role(case: Case, reply: Reply) -> Score:
    """The reply is not empty, the model ended it itself, and no other speaker's name or special token leaks into it."""
    if not reply.text.strip():
        return Score(0.0, "nothing said")
    if reply.finish != "stop":
        return Score(0.0, "it never ends")
    leak = ROLE_LEAK.search(reply.text)
    return Score(0.0, quoted(leak[0].lstrip(" \n.?!"))) if leak else Score(1.0)


@metric("passes the case's own checks", restraint=True)
def checks(case: Case, reply: Reply) -> Score:
    """The share of the phrases listed with the case that are there, or are not there, as the case asks."""
    total = len(case.checks.contains) + len(case.checks.lacks)
    if not total:
        return DOES_NOT_APPLY
    missing = [f"no {quoted(phrase)}" for phrase in case.checks.contains if not contains(reply.text, phrase)]
    unwanted = [quoted(phrase) for phrase in case.checks.lacks if contains(reply.text, phrase)]
    failed = missing + unwanted
    return Score((total - len(failed)) / total, ", ".join(failed))
