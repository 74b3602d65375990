"""How a reply speaks: does it say the mistake back, does it end by itself and in its role, does it pass its checks?"""

from __future__ import annotations

from data_mix.language.teaching import ROLE_LEAK
from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import metric
from evaluation.metrics.words import contains, to_tutors_person


@metric("says the mistake back", better="lower")
def echo(case: Case, reply: Reply) -> float | None:
    """The learner's whole sentence is said back, mistake and all, as it was said or in the tutor's person."""
    if case.truth is None or not case.truth.error:
        return None
    return float(any(contains(reply.text, said) for said in (case.learner, to_tutors_person(case.learner))))


@metric("ends by itself and stays in its role")
def in_role(case: Case, reply: Reply) -> float | None:
    """The reply is not empty, the model ended it itself, and no other speaker's name or special token leaks into it."""
    return float(bool(reply.text.strip()) and reply.finish == "stop" and not ROLE_LEAK.search(reply.text))


@metric("passes the case's own checks")
def checks(case: Case, reply: Reply) -> float | None:
    """The share of the phrases listed with the case that are there, or are not there, as the case asks."""
    wanted = [contains(reply.text, phrase) for phrase in case.checks.contains]
    unwanted = [not contains(reply.text, phrase) for phrase in case.checks.lacks]
    verdicts = wanted + unwanted
    return sum(verdicts) / len(verdicts) if verdicts else None
