"""Does the reply guide: a hint that keeps the answer back, something to do, a common way, a careful tone?"""

from __future__ import annotations

import re

from evaluation.cases.case import Case, Reply
from evaluation.metrics.answer import gives_answer, sought
from evaluation.metrics.base import metric
from evaluation.metrics.phrases import says
from evaluation.metrics.recast import gives_form
from evaluation.metrics.text import read, topic

_PARTIAL = re.compile(r"\d\s*[-+*/x×÷^·]\s*\d|=\s*\d")


@metric("guides and keeps the answer back")
def hint_without_reveal(case: Case, reply: Reply) -> float | None:
    """Asks, hints or does a step, in words or numbers of the matter at hand, and what is to be found is not in it."""
    truth = case.truth
    finds_form = truth is not None and bool(truth.corrected) and truth.rule != "must"
    finds_answer = bool(sought(case.answer)) and not case.choices
    if not finds_form and not finds_answer:
        return None
    if (finds_answer and gives_answer(case, reply.text)) or (truth and finds_form and gives_form(truth, reply.text)):
        return 0.0
    text = read(reply.text)
    guides = text.questions or says("guidance", text.raw) or _PARTIAL.search(text.raw)
    return float(bool(guides) and text.takes_up(topic(case.messages)))


@metric("invites the learner to do something", better="neither")
def invitation(case: Case, reply: Reply) -> float | None:
    """It tells or asks the learner to do something (try, show, compare, let's …), by a list of verbs."""
    return float(says("invitation", reply.text))


@metric("speaks of the work as common", better="neither")
def collaboration(case: Case, reply: Reply) -> float | None:
    """It says let's, we, our or together, by a list of words."""
    return float(says("together", reply.text))


@metric("hedges", better="neither")
def hedging(case: Case, reply: Reply) -> float | None:
    """It says maybe, might, seems, I think or the like, by a list of words."""
    return float(says("hedging", reply.text))
