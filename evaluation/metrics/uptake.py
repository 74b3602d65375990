"""Does the reply take up what the learner said? The one thing that no canned question can do.

Uptake after Nystrand (1997) and Demszky et al. (2021, arXiv:2106.03873): the teacher builds on the learner's words.
Here it is told by words alone, without a model: a reply that paraphrases without one common word is not seen, and one
that repeats a word to no purpose is.
"""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.recast import fix_in
from evaluation.metrics.text import read


def learners_content(case: Case) -> frozenset[str]:
    """What the learner's last turn has to take up, as said and as put right."""
    said = read(case.learner).content
    return said | read(case.truth.corrected).content if said and case.truth else said


@metric("takes up the learner's words")
def uptake(case: Case, reply: Reply) -> Score:
    """A content word or number of the learner's last turn stands in the reply, in any form, as said or as put right."""
    said = learners_content(case)
    if not said:
        return DOES_NOT_APPLY
    put_right = fix_in(case.truth, reply.text) if case.truth else ""
    taken_up = [put_right] if put_right else read(reply.text).shared(said)
    return Score(1.0, quoted(*taken_up)) if taken_up else Score(0.0)
