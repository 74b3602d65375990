"""Does a reply keep to the learner's variety of the language, and to the register in which they speak?

By lists of words, so a reply without a word of any list says nothing either way and the metric abstains; and who is
silent about both keeps to both, which is no teaching. Words of the learner's variety that the learner did not use are
let pass once in ten words: more is put on, and counts like a stranger's.
"""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.text import read
from evaluation.varieties.marks import (
    Variety,
    marks,
    other_name,
    registers,
    script,
    shown_variety,
    variety,
    written_in,
)
from evaluation.varieties.mixing import shares

_ONE_IN = 10
"""Words of a reply to one of the learner's variety that the learner did not say."""


@metric("keeps to the learner's variety of the language", restraint=True)
def dialect_match(case: Case, reply: Reply) -> Score:
    """Of its words that tell varieties apart, the share that are at home in the learner's; 0 if it renames a thing."""
    due = _due(case)
    if due is None:
        return DOES_NOT_APPLY
    said = case.learner
    if renamed := other_name(said, reply.text, due):
        return Score(0.0, f"says {renamed}")
    found = marks(reply.text, due.language)
    own = [mark.word for mark in found if due.names & mark.homes]
    strange = [mark.word for mark in found if not due.names & mark.homes]
    theirs = {mark.word for mark in marks(said, due.language)}
    fresh = [word for word in own if word not in theirs]
    allowed = max(1, len(read(reply.text).words) // _ONE_IN)
    put_on = fresh[allowed:]
    compared = script(said) == "mixed"  # who shows both asks about the two
    written, wanted = (script(reply.text), written_in(due.names)) if due.language == "zh" and not compared else ("", "")
    if written and wanted:
        kept = [written] if written == wanted else []
        own, strange = own + kept, strange if kept else [*strange, f"{written} characters"]
    if not own and not strange:
        return Score(None, f"no word of it tells {' or '.join(sorted(due.names))} from other varieties")
    amiss = [*strange, *put_on]
    right = len(own) - len(put_on)
    return Score(right / (right + len(amiss)), quoted(*amiss) if amiss else quoted(*dict.fromkeys(own)))


def _due(case: Case) -> Variety | None:
    """The learner's variety: the one that is known, else the one that the learner's words show."""
    named = case.truth.dialect if case.truth else ""
    return variety(named) if named else shown_variety(case.learner)


@metric("speaks in the learner's register", restraint=True)
def register_match(case: Case, reply: Reply) -> Score:
    """Of its words that are formal or informal, the share that are what the learner is; none if either shows none."""
    for language in list(shares(case.learner))[:1]:
        formal, informal = registers(case.learner, language)
        if bool(formal) == bool(informal):  # neither, or both, which tells nothing
            continue
        ours_formal, ours_informal = registers(reply.text, language)
        same, other = (ours_formal, ours_informal) if formal else (ours_informal, ours_formal)
        if not same and not other:
            return Score(None, f"nothing in it is formal or informal in {language}")
        found = f"{quoted(*dict.fromkeys(other or same))} for {quoted(*dict.fromkeys(formal or informal))}"
        return Score(len(same) / (len(same) + len(other)), found)
    return DOES_NOT_APPLY
