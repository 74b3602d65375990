"""What a tutor's reply does for a learner's mistake, as far as words show it."""

from __future__ import annotations

from typing import Literal

from evaluation.cases.case import Case, Reply
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.recast import form_in
from evaluation.metrics.words import content_words, words

Move = Literal["lost", "explicit", "recast", "elicitation", "talk", "nothing"]

WORDS_FOLLOWED = {"A1": 25, "A2": 35, "B1": 60, "B2": 100, "C1": 160, "C2": 250}
"""Words of a reply that a learner of each level follows; beyond them the learner is lost. Our assumption."""
_USUAL = 60


def move_of(case: Case, reply: str) -> Move:
    """What `reply` does for the mistake of the case.

    lost: too long for the learner's level. explicit: says that it is wrong, with the form or without. recast: says the
    form in passing. elicitation: asks, about the learner's own words, and keeps the form back. talk: takes up what was
    said, no more. nothing: none of these, as a canned question.
    """
    truth = case.truth
    said = words(reply)
    if not said:
        return "nothing"
    if len(said) > WORDS_FOLLOWED.get(truth.level if truth else "", _USUAL):
        return "lost"
    if explicit_correction(case, Reply(text=reply, num_tokens=0, finish="stop")).value:
        return "explicit"
    if truth and form_in(truth, reply):
        return "recast"
    if truth and content_words(truth.learner) & set(said):
        return "elicitation" if "?" in reply else "talk"
    return "nothing"
