"""Does a reply speak of what was spoken of? A canned reply fits everywhere because it speaks of nothing."""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.text import read, topic

_RICH = 15
"""Content words and numbers from which a conversation shows what it is about."""
_STATEMENT = 3
"""Those from which the learner's last turn shows it."""
_ENOUGH = 0.15
"""The share that nearly all replies of real tutors have."""
_OF_ONE = 0.8
"""What is said of a reply with one content word, which may be about this by chance of wording."""


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

    A short conversation that ends in "19" or "yes" says too little of what it is about, a reply without content speaks
    of nothing else, and one in another language, or in one whose words are not known, may well speak of this.
    """
    said, text = topic(case.messages), read(reply.text)
    turns = [read(message["content"]) for message in case.messages]
    is_told = len(said) >= _RICH or (turns and len(turns[-1].content) >= _STATEMENT)
    if not is_told or not text.content or text.language not in {turn.language for turn in turns} - {""}:
        return DOES_NOT_APPLY
    shared = text.content & (said | read(case.answer).content)
    missing = 1 - min(1.0, len(shared) / len(text.content) / _ENOUGH)
    of = f"{len(shared)} of {len(text.content)}"
    why = f"{of}: {quoted(*text.shared(shared))}" if shared else of
    return Score(missing if len(text.content) > 1 else _OF_ONE * missing, why)
