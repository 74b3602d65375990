"""Is what was said language at all, whatever it says?"""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric


@metric("reads as language")
def plausible(case: Case, reply: Reply) -> Score:
    """How plausible it is that the reply is language, whatever it says; none where its language is not known."""
    from evaluation.fluency.verdict import fluency  # numpy, which scores that are known need not wait for

    found = fluency(reply.text)
    return Score(found.plausible, found.why) if found.evidence else DOES_NOT_APPLY
