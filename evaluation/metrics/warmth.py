"""Praise and encouragement. Warm words are cheap, so they only describe; specific praise has a direction."""

from __future__ import annotations

import re

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, found, metric, quoted
from evaluation.metrics.phrases import heard
from evaluation.metrics.text import read
from evaluation.metrics.uptake import learners_content


def _praise(sentence: str) -> str:
    """The words of praise in a sentence; empty where there are none."""
    words = heard("praise", sentence)
    return "" if words and heard("no_praise", sentence) else words


@metric("praises", better="neither")
def praise(case: Case, reply: Reply) -> Score:
    """A sentence says that the learner, or what the learner did, is good or right, by a list of phrases."""
    return found(next((words for sentence in read(reply.text).sentences if (words := _praise(sentence))), ""))


@metric("praises something that the learner did or said")
def praise_specific(case: Case, reply: Reply) -> Score:
    """Where there is praise: the sentence of it, or the next if that begins with you, has words of the learner's."""
    sentences, said = read(reply.text).sentences, learners_content(case)
    praised = [place for place, sentence in enumerate(sentences) if _praise(sentence)]
    if not praised or not said:
        return DOES_NOT_APPLY
    for place in praised:
        following = sentences[place + 1] if place + 1 < len(sentences) else ""
        named = sentences[place] + (f" {following}" if re.match(r"\W*you", following, re.IGNORECASE) else "")
        if named_words := read(named).shared(said):
            return Score(1.0, quoted(*named_words))
    return Score(0.0, f"praise of nothing: {quoted(sentences[praised[0]])}")


@metric("encourages", better="neither")
def encouragement(case: Case, reply: Reply) -> Score:
    """It says that the learner can do it, or that mistakes and time are all right, by a list of phrases."""
    return found(heard("encouragement", reply.text))
