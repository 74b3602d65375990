"""Praise and encouragement. Warm words are cheap, so they only describe; specific praise has a direction."""

from __future__ import annotations

import re

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import metric
from evaluation.metrics.phrases import says
from evaluation.metrics.text import read
from evaluation.metrics.uptake import learners_content


def _praises(sentence: str) -> bool:
    return says("praise", sentence) and not says("no_praise", sentence)


@metric("praises", better="neither")
def praise(case: Case, reply: Reply) -> float | None:
    """A sentence says that the learner, or what the learner did, is good or right, by a list of phrases."""
    return float(any(_praises(sentence) for sentence in read(reply.text).sentences))


@metric("praises something that the learner did or said")
def praise_specific(case: Case, reply: Reply) -> float | None:
    """Where there is praise: the sentence of it, or the next if that begins with you, has words of the learner's."""
    sentences, said = read(reply.text).sentences, learners_content(case)
    praised = [place for place, sentence in enumerate(sentences) if _praises(sentence)]
    if not praised or not said:
        return None
    for place in praised:
        following = sentences[place + 1] if place + 1 < len(sentences) else ""
        named = sentences[place] + (f" {following}" if re.match(r"\W*you", following, re.IGNORECASE) else "")
        if read(named).takes_up(said):
            return 1.0
    return 0.0


@metric("encourages", better="neither")
def encouragement(case: Case, reply: Reply) -> float | None:
    """It says that the learner can do it, or that mistakes and time are all right, by a list of phrases."""
    return float(says("encouragement", reply.text))
