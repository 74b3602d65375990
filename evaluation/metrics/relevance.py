"""Does a reply speak of what was spoken of? A canned reply fits everywhere because it speaks of nothing."""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.text import read, topic


@metric("speaks of what was said before")
def relevance(case: Case, reply: Reply) -> Score:
    """The share of the reply's content words and numbers, in any form, that stand in the conversation before it."""
    said, text = topic(case.messages), read(reply.text)
    if not said:
        return DOES_NOT_APPLY
    if not text.content:
        return Score(0.0, "no content words")
    shared = text.content & said
    of = f"{len(shared)} of {len(text.content)}"
    return Score(len(shared) / len(text.content), f"{of}: {quoted(*text.shared(shared))}" if shared else of)
