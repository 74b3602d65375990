"""What a reply does with the words that a learner said in another language: is their meaning given, or asked for?"""

from __future__ import annotations

import re
from itertools import pairwise

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import Score, quoted
from evaluation.metrics.phrases import heard
from evaluation.metrics.sense import is_speech
from evaluation.metrics.stop_words import function_words
from evaluation.metrics.text import read
from evaluation.metrics.words import STOP_WORDS, contains
from evaluation.varieties.mixing import by_word

_HAN = re.compile("[\u3400-\u9fff]+")
HALF = 0.5
"""For what can be done without knowing what the word means."""


def switched_words(case: Case) -> list[str]:
    """The learner's words in another language than the rest: those that are known, else those that the lists find."""
    truth = case.truth
    if truth and truth.switched:
        return [said for said, _ in truth.switched]
    spoken = by_word(case.learner)
    languages = [language for _, language in spoken if language]
    if len(set(languages)) < 2:
        return []
    most = max(dict.fromkeys(languages), key=languages.count)
    found = [word for word, language in spoken if language not in ("", most) and not _is_small(word, language)]
    runs = [] if most == "zh" else _HAN.findall(case.learner)
    return list(dict.fromkeys([*runs, *(word for word in found if not _HAN.match(word))]))


def _is_small(word: str, language: str) -> bool:
    return word in function_words(language) or word in STOP_WORDS


def meaning(case: Case, reply: Reply) -> Score:
    """1 where a switched word's meaning stands in the reply, or is asked for where the move must not give it.

    Half where it is only asked for though the tutor could have shown to know it; 0 for neither.
    """
    if not is_speech(reply.text):
        return Score(0.0, "no language")
    truth = case.truth
    for said, means in truth.switched if truth else ():
        for one in filter(None, map(str.strip, means.split("/"))):
            if contains(reply.text, one) and not contains(case.learner, one):
                return Score(1.0, f"{quoted(one)} for {quoted(said)}")
    sentences = read(reply.text).sentences
    for before, question in pairwise(["", *sentences]):
        asked = question in read(reply.text).questions and heard("meaning_asked", question)
        if asked and (asked := takes_up(case, question) or takes_up(case, before)):
            keeps_back = truth is not None and truth.rule == "must_not"
            return Score(1.0 if keeps_back else HALF, f"asks what {quoted(asked)} means")
    return Score(0.0)


def _bare(said: str) -> str:
    """A switched word without the article before it, which the reply may not say."""
    words = said.split()
    return " ".join(words[1:]) if len(words) > 1 and words[0].lower() in _ARTICLES else said


_ARTICLES = frozenset({"el", "la", "los", "las", "un", "una", "mi", "mis", "tu", "my", "the", "a", "an"})


def takes_up(case: Case, text: str) -> str:
    """The first of the switched words that stands in a text; empty where none does."""
    return next((word for word in switched_words(case) if contains(text, _bare(word))), "")
