"""Does a reply speak of what was spoken of? A canned reply fits everywhere because it speaks of nothing."""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import metric
from evaluation.metrics.text import read, topic


@metric("speaks of what was said before")
def relevance(case: Case, reply: Reply) -> float | None:
    """The share of the reply's content words and numbers, in any form, that stand in the conversation before it."""
    said, found = topic(case.messages), read(reply.text).content
    if not said:
        return None
    return len(found & said) / len(found) if found else 0.0
