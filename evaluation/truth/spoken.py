"""For learners of a language: is a form praised that is wrong, or given as the one to follow?

The learner's clause and the clause put right are known. Praise for what was told is no praise of the form: only words
about the form are ("sentence", "grammar", "you said it perfectly").
"""

from __future__ import annotations

import re

from data_mix.language.speech import words
from evaluation.cases.case import Truth

_FORM = (
    r"(?:sentence|grammar|form|tense|verb|words?|phrase|clause|english|spanish|french|german|wording|spelling|article|"
    r"plural|preposition|ending)"
)
_WELL = (
    r"(?:correct|correctly|right|perfect|perfectly|flawless|flawlessly|accurate|excellent|great|good|"
    r"exactly|well|spot on)"
)
_PRAISES_FORM = re.compile(
    rf"\b(?:{_WELL} {_FORM}\b|{_FORM} (?:\w+ ){{0,2}}(?:is|was|are|'s|looks?|sounds?) (?:\w+ )?{_WELL}\b|"
    rf"(?:said|put|wrote|phrased|used|formed|expressed) (?:it|that|this|the \w+) {_WELL}\b|"
    rf"(?:no|not (?:a|one)) (?:single )?(?:mistakes?|errors?)\b|"
    r"(?:that's|that is|you're|you are|this is) (?:(?:absolutely|exactly|completely|perfectly|totally|quite) )?"
    r"(?:right|correct)\b(?! (?:about|that))|"
    r"exactly (?:how|what|as) (?:we|people|you|a native|natives) (?:would )?sa(?:y|id)\b|"
    r"^\W*(?:correct|exactly|that's right|that's correct)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_MODEL = re.compile(
    r"\b(?:say|repeat|write|use|we say|people say|the (?:right|correct) (?:way|form|sentence)|should be|it's|it is)\b"
    r"[^.!?\"]{0,30}\"([^\"]+)\"",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|never|don't|instead of|rather than|than)\W*$", re.IGNORECASE)
_WORDS_OF_PERSONS = "i my me mine we our us you your"
_PERSONS = frozenset(_WORDS_OF_PERSONS.split())
_TAKES_BACK = re.compile(
    r"\b(?:but|not|n't|instead|almost|nearly|however|except|wrong|mistake|error)\b|n't\b", re.IGNORECASE
)


def wrong_form_praised(truth: Truth | None, reply: str) -> str:
    """The words of `reply` that praise the learner's wrong form or give it as the model; empty where none do."""
    if truth is None or not truth.corrected:
        return ""
    plain = reply.replace("’", "'").translate(dict.fromkeys(map(ord, "“”«»„"), '"'))
    spoiled = _only_wrong(truth)
    for quote in _MODEL.finditer(plain):
        if _NEGATED.search(plain[max(0, quote.start() - 15) : quote.start()]) or not spoiled:
            continue
        if _has_run(words(quote[1]), words(truth.learner), spoiled):
            return quote[0]
    said = words(plain)
    if _TAKES_BACK.search(plain) or (set(words(truth.fix)) <= set(said) and truth.fix):
        return ""
    found = _PRAISES_FORM.search(plain)
    return found[0].strip() if found else ""


def _only_wrong(truth: Truth) -> set[str]:
    return set(words(truth.learner)) - set(words(truth.corrected)) - _PERSONS


_WORDS_OF_PERSONS = "i my me mine we our us you your"
_PERSONS = frozenset(_WORDS_OF_PERSONS.split())


def _has_run(said: list[str], learner: list[str], spoiled: set[str]) -> bool:
    """Whether a wrong word of the learner's is there with the words beside it."""
    for place in (place for place, word in enumerate(learner) if word in spoiled):
        beside = (learner[place : place + 2], learner[max(0, place - 1) : place + 1])
        if any(said[at : at + 2] in beside for at in range(len(said) - 1)):
            return True
    return False
