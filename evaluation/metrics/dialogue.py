"""What a whole dialogue comes to: does the learner find the form, is it given away, and who talks?"""

from __future__ import annotations

import math

from evaluation.cases.case import Case, Dialogue, Truth
from evaluation.metrics.answer import answer_in
from evaluation.metrics.base import DOES_NOT_APPLY, Score, dialogue_metric, quoted
from evaluation.metrics.recast import form_in
from evaluation.metrics.words import words


@dialogue_metric("the learner puts the mistake right unaided")
def self_corrected(case: Case, dialogue: Dialogue) -> Score:
    """The simulated learner says the form before the tutor ever did."""
    after = _self_corrects_after(case, dialogue)
    return after if after.value is None else Score(float(after.value < math.inf), after.why)


@dialogue_metric("tutor's turns until the learner puts it right unaided", low=1, high=51, better="lower")
def turns_to_self_correction(case: Case, dialogue: Dialogue) -> Score:
    """Replies before the simulated learner says the form that the tutor has not; one more than may be, if never."""
    after = _self_corrects_after(case, dialogue)
    if after.value is None or case.simulation is None:
        return DOES_NOT_APPLY
    return Score(min(after.value, case.simulation.turns + 1), after.why)


@dialogue_metric("tutor's turns that give the answer away", better="lower")
def answers_given_away(case: Case, dialogue: Dialogue) -> Score:
    """The share of replies that say the form, or the solution, before the learner does."""
    truth = case.truth
    known = truth is not None and truth.corrected
    if not known and not case.answer:
        return DOES_NOT_APPLY
    given, total = [], 0
    for speaker, said in _told(dialogue):
        if speaker == "assistant":
            total += 1
            given.append(form_in(truth, said) if truth and known else answer_in(case.answer, said))
        elif truth is not None and known and _says_right(truth, said):
            break
    words = dict.fromkeys(filter(None, given))
    return Score(sum(map(bool, given)) / total, quoted(*words) if words else "") if total else DOES_NOT_APPLY


@dialogue_metric("learner's share of the talk", better="neither")
def learner_talk_share(case: Case, dialogue: Dialogue) -> Score:
    """The learner's words after the tutor's first reply, among all words from there on, that reply's included."""
    theirs = sum(len(words(said)) for said in dialogue.answers)
    ours = sum(len(words(said)) for said in dialogue.replies)
    if not theirs:
        return DOES_NOT_APPLY
    return Score(theirs / (theirs + ours), f"{theirs} of {theirs + ours} words")


def _self_corrects_after(case: Case, dialogue: Dialogue) -> Score:
    """Replies before the learner said the form first; infinite if never; none where no learner could."""
    truth = case.truth
    if case.simulation is None or truth is None or not truth.corrected:
        return DOES_NOT_APPLY
    replies = 0
    for speaker, said in _told(dialogue):
        if speaker == "assistant":
            replies += 1
            if form := form_in(truth, said):
                return Score(math.inf, f"the tutor says {quoted(form)} first")
        elif _says_right(truth, said):
            return Score(replies, quoted(said))
    return Score(math.inf, "nobody says the form")


def _told(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in dialogue.messages[dialogue.opening :]]


def _says_right(truth: Truth, said: str) -> bool:
    from evaluation.learner.simulated import says_right  # which knows the metrics, this one's package

    return says_right(truth, said)
