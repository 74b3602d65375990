"""Is the corrected form there where the move asks for it, and kept back where the learner is to find it?"""

from __future__ import annotations

from evaluation.cases.case import Case, Reply, Truth
from evaluation.metrics.base import DOES_NOT_APPLY, Score, found, metric, quoted
from evaluation.metrics.changes import Shown, new_words, ways_given, ways_in_part
from evaluation.metrics.contrast import offers_choice
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.words import contains, to_tutors_person, tokens


@metric("corrected form given, where the move must give it")
def corrected_present(case: Case, reply: Reply) -> Score:
    """The whole corrected clause stands in the reply, word for word; only for moves that must give it."""
    if case.truth is None or case.truth.rule != "must" or not case.truth.corrected:
        return DOES_NOT_APPLY
    corrected = case.truth.corrected
    return found(corrected if contains(reply.text, corrected) else "", corrected)


@metric("corrected words given, where the move must give the form")
def fix_present(case: Case, reply: Reply) -> Score:
    """The words that put the mistake right stand in the reply, whatever else does; only for moves that must give it."""
    if case.truth is None or case.truth.rule != "must" or not case.truth.corrected:
        return DOES_NOT_APPLY
    return found(form_in(case.truth, reply.text), case.truth.fix or case.truth.corrected)


@metric("recasts: the corrected form given, and nobody corrected to the face")
def recast(case: Case, reply: Reply) -> Score:
    """The words that put the mistake right, all or a changed place, and nothing to the face; if a move may recast."""
    truth = case.truth
    # A grammar names a move, and one that may but need not recast is no recast missed. A suite's author names none.
    if truth is None or not truth.corrected or truth.rule == "must_not" or (truth.rule == "may" and truth.strategy):
        return DOES_NOT_APPLY
    form = form_in(truth, reply.text) or _first(ways_in_part(truth.learner, truth.corrected, truth.fix), reply.text)
    told = explicit_correction(case, reply) if form else None
    if told and told.value:
        return Score(0.0, f"to the face: {told.why}")
    if form and offers_choice(truth, reply.text):
        return Score(0.0, f"offered beside the mistake: {quoted(form)}")
    return found(form, truth.fix or truth.corrected)


@metric("corrected form kept back, where the move must not give it", restraint=True)
def corrected_absent(case: Case, reply: Reply) -> Score:
    """Neither the corrected clause nor the words that put it right stand in the reply; only for moves that must not."""
    if case.truth is None or case.truth.rule != "must_not" or not case.truth.corrected:
        return DOES_NOT_APPLY
    form = form_in(case.truth, reply.text)
    return Score(0.0, quoted(form)) if form else Score(1.0)


def form_in(truth: Truth, text: str) -> str:
    """The corrected clause where `text` has it, or those words of it that put the mistake right; empty for neither."""
    whole = contains(text, truth.corrected)
    if whole and (truth.error or truth.fix) and contains(to_tutors_person(truth.learner), truth.corrected):
        whole = False  # the learner said as much, with a word too many before it or after
    return truth.corrected if whole else fix_in(truth, text)


def fix_in(truth: Truth, text: str) -> str:
    """The words that put the mistake right, where `text` gives them away; empty where it does not.

    A fix of function words alone, such as "an" or "to", is in many a reply that gives nothing away. It counts only
    beside the content word it belongs to in the corrected clause ("an apple"); and a fix that the learner said too,
    elsewhere, only with so much of the clause as the learner did not say.
    """
    fix = truth.fix or (new_words(truth.learner, truth.corrected) if truth.error else "")
    if not fix:
        return ""
    return _first(ways_given(truth.learner, truth.corrected, fix), text)


def _first(ways: tuple[Shown, ...], text: str) -> str:
    said = tokens(text)
    return next((" ".join(way.words) for way in ways if way.inside(said)), "")
