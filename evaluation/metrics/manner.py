"""How a reply speaks: does it take up the learner's words, does it ask, does it end by itself and in its role?"""

from __future__ import annotations

import re

from evaluation.cases import Case, Reply
from evaluation.metrics.base import metric
from evaluation.metrics.words import contains, content_words, to_tutors_person, words

_ROLES = "tutor|teacher|learner|student|user|assistant|system|human|sophie|basil|move"
_LEAK = re.compile(
    rf"(?:^|[\n.?!]\s*)(?:{_ROLES})\b(?:\s+(?:says|said|asks|asked|answers|answered))?\s*:"
    r"|<\|[^<>]*\|>|</?s>|<(?:unk|pad|bos|eos|mask)>|\[/?INST\]|</?(?:start|end)_of_turn>",
    re.IGNORECASE,
)


@metric("takes up the learner's words")
def uptake(case: Case, reply: Reply) -> float | None:
    """At least one content word of the learner's last turn stands in the reply, as said or as put right."""
    said = content_words(case.learner)
    if said and case.truth is not None:
        said |= content_words(case.truth.corrected)
    return float(bool(said & set(words(reply.text)))) if said else None


@metric("says the mistake back", better="lower")
def echo(case: Case, reply: Reply) -> float | None:
    """The learner's whole sentence is said back, mistake and all, as it was said or in the tutor's person."""
    if case.truth is None or not case.truth.error:
        return None
    return float(any(contains(reply.text, said) for said in (case.learner, to_tutors_person(case.learner))))


@metric("asks something", better="neither")
def asks(case: Case, reply: Reply) -> float | None:
    """A sentence of at least two words ends in a question mark; what a move asks for decides if that is good."""
    return float(any(len(words(part)) > 1 for part in re.findall(r"[^.?!\n]+(?=\?)", reply.text)))


@metric("ends by itself and stays in its role")
def in_role(case: Case, reply: Reply) -> float | None:
    """The reply is not empty, the model ended it itself, and no other speaker's name or special token leaks into it."""
    return float(bool(reply.text.strip()) and reply.finish == "stop" and not _LEAK.search(reply.text))


@metric("passes the case's own checks")
def checks(case: Case, reply: Reply) -> float | None:
    """The share of the phrases listed with the case that are there, or are not there, as the case asks."""
    wanted = [contains(reply.text, phrase) for phrase in case.checks.contains]
    unwanted = [not contains(reply.text, phrase) for phrase in case.checks.lacks]
    verdicts = wanted + unwanted
    return sum(verdicts) / len(verdicts) if verdicts else None
