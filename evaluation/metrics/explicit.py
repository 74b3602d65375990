"""Does the reply correct the learner to the face? Scaffolding does not: it lets the learner find the form."""

from __future__ import annotations

import re

from data_mix.language.teaching import corrects_to_the_face
from evaluation.cases.case import Case, Reply, Truth
from evaluation.metrics.base import Score, found, metric
from evaluation.metrics.words import words

_NOT_BUT = re.compile(r"\bnot (\w+),? but (\w+)")
_NOT = re.compile(r"\b(\w+),? (?:and )?not (\w+)")


@metric("corrects the learner to the face", better="lower")
def explicit_correction(case: Case, reply: Reply) -> Score:
    """The reply says that something is wrong or how it should be said, by a list of patterns, mostly of English."""
    told = corrects_to_the_face(reply.text)
    return found(told or (_sets_against(case.truth, reply.text.lower()) if case.truth else ""))


def _sets_against(truth: Truth, text: str) -> str:
    """Where, without quotes, a word only the learner used is set against one only the corrected clause has."""
    if "not " not in text:
        return ""
    learner, corrected = set(words(truth.learner)), set(words(truth.corrected))
    pairs = [(wrong, right) for wrong, right in _NOT_BUT.findall(text)]
    pairs += [(wrong, right) for right, wrong in _NOT.findall(text)]
    against = (pair for pair in pairs if pair[0] in learner - corrected and pair[1] in corrected - learner)
    return next((f"not {wrong} but {right}" for wrong, right in against), "")
