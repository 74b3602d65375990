"""Does a reply speak of what was spoken of? A canned reply fits everywhere because it speaks of nothing."""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.text import read, topic

_RICH = 15
"""Content words and numbers from which a conversation shows what it is about."""
_SPEAKS = 2
"""Those of a reply that speaks of something."""
_ENOUGH = 0.15
"""The share that nearly all replies of real tutors have."""


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


@metric("speaks of something else", better="lower")
def off_topic(case: Case, reply: Reply) -> Score:
    """How little of its content stands in the conversation or the solution: 1 for none, 0 from 15 %; if both have some.

    A short conversation says too little of what it is about, and a reply of a word or two speaks of nothing else.
    """
    said, text = topic(case.messages), read(reply.text)
    if len(said) < _RICH or len(text.content) < _SPEAKS:
        return DOES_NOT_APPLY
    shared = text.content & (said | read(case.answer).content)
    share = len(shared) / len(text.content)
    return Score(1 - min(1.0, share / _ENOUGH), f"{len(shared)} of {len(text.content)}: {quoted(*text.shared(shared))}")
