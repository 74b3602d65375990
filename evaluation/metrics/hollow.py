"""Questions that are none: a question mark after a statement, or a question about nothing that was said.

Both make a reply look like teaching to a judge that has learnt from good tutors, who ask. What a question is by its
words is known for English alone; in other languages only what it is about counts.
"""

from __future__ import annotations

import re

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import Score, metric, quoted
from evaluation.metrics.text import read, topic

_AUXILIARY = (
    r"(?:do|does|did|is|are|am|was|were|can|could|would|will|should|shall|have|has|had|may|might|must)(?:n't)?(?: not)?"
)
_BEGINS = r"(?:^|[,;:—–]| - |\b(?:and|so|but|or|then|now|also|okay|ok|well|yes|no|first|next|if)\b)\W*"
_ASKING = re.compile(
    rf"{_BEGINS}{_AUXILIARY} \w"  # can you …, is the …
    rf"|\b{_AUXILIARY} (?:you|we|i|he|she|they)\b"  # what do you …, if so, should we …
    rf"|{_BEGINS}(?:(?:in|at|by|for|from|to|of|with|about|after|on) )?(?:what|why|how)\b"
    r"|(?:^|[;:—–]| - |\b(?:and|so|but|or)\b)\W*(?:\w+\W+){0,2}?(?:which|who|whose|whom)\b"
    rf"|\b(?:what|which|who|when|where|why|how)(?: \w+){{0,4}} {_AUXILIARY}"
    r" (?:it|that|this|there|the|these|those|your|\d)"
    r"|\b(?:what|how) about\b|\bwhat's\b|\bhow come\b|\bany (?:idea|thought|question|other)s?\b|\bready\b"
    r"|\b(?:tell me|walk me through|talk me through)\b|(?:=|\bequals(?: what)?)\W*$"
    r"|[,—–] *(?:right|okay|ok|correct|yes|no|don't you think|(?:is|are|do|does|did|was|can|would)(?:n't)? \w+)\W*$",
    re.IGNORECASE,
)


@metric("asks a hollow question", better="lower")
def hollow_question(case: Case, reply: Reply) -> Score:
    """A sentence ends in a question mark, and by its words is no question, or is about nothing that was said before."""
    matter, text = topic(case.messages), read(reply.text)
    in_english = text.language == "en"
    for question in text.questions:
        if not read(question).shared(matter):
            return Score(1.0, f"{quoted(question)}, about nothing said before")
        if in_english and not _ASKING.search(read(question).plain):
            return Score(1.0, f"{quoted(question)}, by its words no question")
    return Score(0.0)
