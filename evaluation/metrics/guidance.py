"""Does the reply guide: a hint that keeps the answer back, something to do, a common way, a careful tone?"""

from __future__ import annotations

import re

from evaluation.cases.case import Case, Reply
from evaluation.metrics.answer import answer_given_away, sought
from evaluation.metrics.base import DOES_NOT_APPLY, Score, found, metric, quoted
from evaluation.metrics.phrases import heard
from evaluation.metrics.recast import form_in
from evaluation.metrics.text import read, topic

_PARTIAL = re.compile(r"\d\s*[-+*/x×÷^·]\s*\d|=\s*\d")


@metric("guides and keeps the answer back")
def hint_without_reveal(case: Case, reply: Reply) -> Score:
    """Asks, hints or does a step, in words or numbers of the matter at hand, and what is to be found is not in it."""
    truth = case.truth
    finds_form = truth is not None and bool(truth.corrected) and truth.rule != "must"
    finds_answer = bool(sought(case.answer)) and not case.choices
    if not finds_form and not finds_answer:
        return DOES_NOT_APPLY
    given = answer_given_away(case, reply.text) if finds_answer else ""
    given = given or (form_in(truth, reply.text) if truth and finds_form else "")
    if given:
        return Score(0.0, f"gives {quoted(given)}")
    text = read(reply.text)
    guides = text.questions[0] if text.questions else heard("guidance", text.raw)
    if not guides and (step := _PARTIAL.search(text.raw)):
        guides = step[0]
    if not guides:
        return Score(0.0, "no question, hint or step")
    about = text.shared(topic(case.messages))
    return Score(1.0, f"{quoted(guides)}, about {quoted(*about)}") if about else Score(0.0, "about nothing said before")


@metric("invites the learner to do something", better="neither")
def invitation(case: Case, reply: Reply) -> Score:
    """It tells or asks the learner to do something (try, show, compare, let's …), by a list of verbs."""
    return found(heard("invitation", reply.text))


@metric("speaks of the work as common", better="neither")
def collaboration(case: Case, reply: Reply) -> Score:
    """It says let's, we, our or together, by a list of words."""
    return found(heard("together", reply.text))


@metric("hedges", better="neither")
def hedging(case: Case, reply: Reply) -> Score:
    """It says maybe, might, seems, I think or the like, by a list of words."""
    return found(heard("hedging", reply.text))
