"""In which language does the reply speak? For learners with two, a heritage language or a second one.

Languages are told sentence by sentence (`languages`): of sentences under some twenty letters nothing is known.
Within a sentence the one that prevails counts; a learner's sentence that mixes two is known by its function words.
"""

from __future__ import annotations

import re
from functools import lru_cache

from data_mix.language.languages import UNKNOWN, code_of, identify
from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric
from evaluation.metrics.stop_words import languages_mixed
from evaluation.metrics.text import read

_SURE = 0.4
_REQUEST = re.compile(
    # "Explain it in Spanish", but not "Explain how to say hello in Spanish".
    r"\b(?:answer|reply|explain|tell|speak|write|respond|talk|continue|switch)\b(?:(?!\bsay\b|\bword\b)[^.?!]){0,40}?"
    r"\b(?:in|to) (?P<en>[A-Z]\w+)|\ben (?P<es>espa[nñ]ol|ingl[eé]s|franc[eé]s|alem[aá]n|fran[cç]ais|anglais|allemand)"
    r"|\bauf (?P<de>Deutsch|Englisch|Spanisch)|\bin (?P<it>italiano|inglese)|\bem (?P<pt>portugu[eê]s|ingl[eê]s)"
    r"|\bkwa (?P<sw>Kiswahili|Kiingereza)|用(?P<zh>中文|英文|英语|汉语)"
)
_NAMES = {
    "español": "es", "espanol": "es", "inglés": "en", "ingles": "en", "francés": "fr", "frances": "fr", "alemán": "de",
    "aleman": "de", "français": "fr", "francais": "fr", "anglais": "en", "allemand": "de", "deutsch": "de",
    "englisch": "en", "spanisch": "es", "italiano": "it", "inglese": "en", "português": "pt", "portugues": "pt",
    "inglês": "en", "kiswahili": "sw", "kiingereza": "en", "中文": "zh", "英文": "en", "英语": "en", "汉语": "zh",
}  # fmt: skip


@lru_cache(maxsize=256)
def languages(text: str) -> dict[str, int]:
    """How many characters of the text are in which language; sentences whose language cannot be told are left out."""
    found: dict[str, int] = {}
    parts = read(text).sentences
    for sentence in parts if len(parts) > 1 else (text,):
        language, score = identify(sentence.encode("utf-8", "replace").decode())  # half a surrogate pair cannot be told
        if language != UNKNOWN and score >= _SURE:
            found[language] = found.get(language, 0) + len(sentence)
    return found


def asked_for(text: str) -> str | None:
    """The language that the learner asks to be answered in, if any."""
    found = None
    for request in _REQUEST.finditer(text):
        name = next(name for name in request.groups() if name)
        code = _NAMES.get(name.lower()) or (code_of(name) if len(name) > 3 else None)
        found = code if code and (code in _NAMES.values() or len(code) == 2) else found
    return found


@metric("answers in the learner's language", restraint=True)
def code_switch(case: Case, reply: Reply) -> Score:
    """The share of the reply in a language that the learner uses, or the one asked for; none where it is not known."""
    asked = asked_for(case.learner)
    wanted = {asked} if asked else languages(case.learner).keys() | languages_mixed(read(case.learner).words)
    spoken = languages(reply.text)
    if not wanted or not spoken:
        return DOES_NOT_APPLY
    share = sum(length for language, length in spoken.items() if language in wanted) / sum(spoken.values())
    return Score(share, f"in {', '.join(spoken)}; due is {' or '.join(sorted(wanted))}")


@metric("uses the learner's first language", better="neither")
def l1_support(case: Case, reply: Reply) -> Score:
    """The share of the reply in the learner's first language; none where that is not known, or is English."""
    first = code_of(case.truth.first_language) if case.truth and case.truth.first_language else None
    spoken = languages(reply.text)
    if first in (None, "en") or not spoken:
        return DOES_NOT_APPLY
    return Score(spoken.get(first or "", 0) / sum(spoken.values()), f"in {', '.join(spoken)}")
