"""What a whole dialogue comes to: does the learner find the form, is it given away, and who talks?"""

from __future__ import annotations

import math

from evaluation.cases.case import Case, Dialogue, Truth
from evaluation.metrics.answer import reveals_answer
from evaluation.metrics.base import dialogue_metric
from evaluation.metrics.recast import gives_form
from evaluation.metrics.words import words


@dialogue_metric("the learner puts the mistake right unaided")
def self_corrected(case: Case, dialogue: Dialogue) -> float | None:
    """The simulated learner says the form before the tutor ever did."""
    turn = _self_corrects_after(case, dialogue)
    return None if turn is None else float(turn < math.inf)


@dialogue_metric("tutor's turns until the learner puts it right unaided", low=1, high=51, better="lower")
def turns_to_self_correction(case: Case, dialogue: Dialogue) -> float | None:
    """Replies before the simulated learner says the form that the tutor has not; one more than may be, if never."""
    turn = _self_corrects_after(case, dialogue)
    if turn is None or case.simulation is None:
        return None
    return min(turn, case.simulation.turns + 1)


@dialogue_metric("tutor's turns that give the answer away", better="lower")
def answers_given_away(case: Case, dialogue: Dialogue) -> float | None:
    """The share of replies that say the form, or the solution, before the learner does."""
    truth = case.truth
    known = truth is not None and truth.corrected
    if not known and not case.answer:
        return None
    given = total = 0
    for speaker, said in _told(dialogue):
        if speaker == "assistant":
            total += 1
            given += gives_form(truth, said) if truth and known else reveals_answer(case.answer, said)
        elif truth is not None and known and _says_right(truth, said):
            break
    return given / total if total else None


@dialogue_metric("learner's share of the talk", better="neither")
def learner_talk_share(case: Case, dialogue: Dialogue) -> float | None:
    """The learner's words after the tutor's first reply, among all words from there on, that reply's included."""
    theirs = sum(len(words(said)) for said in dialogue.answers)
    ours = sum(len(words(said)) for said in dialogue.replies)
    return theirs / (theirs + ours) if theirs and theirs + ours else None


def _self_corrects_after(case: Case, dialogue: Dialogue) -> float | None:
    """Replies before the learner said the form first; infinite if never; None where no learner could."""
    truth = case.truth
    if case.simulation is None or truth is None or not truth.corrected:
        return None
    replies = 0
    for speaker, said in _told(dialogue):
        if speaker == "assistant":
            replies += 1
            if gives_form(truth, said):
                return math.inf
        elif _says_right(truth, said):
            return replies
    return math.inf


def _told(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in dialogue.messages[dialogue.opening :]]


def _says_right(truth: Truth, said: str) -> bool:
    from evaluation.learner.simulated import says_right  # which knows the metrics, this one's package

    return says_right(truth, said)
