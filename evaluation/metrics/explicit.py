"""Does the reply correct the learner to the face? Scaffolding does not: it lets the learner find the form."""

from __future__ import annotations

import re

from data_mix.language.teaching import corrects_to_the_face
from evaluation.cases.case import Case, Reply, Truth
from evaluation.metrics.base import metric
from evaluation.metrics.words import words

_NOT_BUT = re.compile(r"\bnot (\w+),? but (\w+)")
_NOT = re.compile(r"\b(\w+),? (?:and )?not (\w+)")


@metric("corrects the learner to the face", better="lower")
def explicit_correction(case: Case, reply: Reply) -> float | None:
    """The reply says that something is wrong or how it should be said, by a list of patterns, mostly of English."""
    explicit = corrects_to_the_face(reply.text) is not None
    return float(explicit or (case.truth is not None and _sets_against(case.truth, reply.text.lower())))


def _sets_against(truth: Truth, text: str) -> bool:
    """Whether, without quotes, a word only the learner used is set against one only the corrected clause has."""
    if "not " not in text:
        return False
    learner, corrected = set(words(truth.learner)), set(words(truth.corrected))
    pairs = [(wrong, right) for wrong, right in _NOT_BUT.findall(text)]
    pairs += [(wrong, right) for right, wrong in _NOT.findall(text)]
    return any(wrong in learner - corrected and right in corrected - learner for wrong, right in pairs)
