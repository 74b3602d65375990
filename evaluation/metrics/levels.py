"""How hard is the English of a reply: reading grade, vocabulary by CEFR band, and whether it suits the learner.

Word levels are those of the package cefrpy (MIT): the CEFR-J wordlist (Tono Laboratory, Tokyo University of Foreign
Studies), carried over to other forms and rarer words by lemma and frequency. A word counts with its easiest sense.
Names and words it does not know are passed over. Only for English, and only for replies long enough to tell.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from typing import Any

from data_mix.language.languages import code_of
from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.stems import stem
from evaluation.metrics.text import Text, read, topic
from evaluation.metrics.words import STOP_WORDS

LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")
_ENGLISH = (None, "en")
_MIN_WORDS = 8
_MIN_KNOWN = 4
_SENTENCE = {"A1": 10, "A2": 13, "B1": 17, "B2": 21, "C1": 26}
"""Words per sentence that a reader of a level takes in with ease: our own choice, no standard."""
_A2, _B1 = 2, 3
_LONG_REPLY, _LONG_SENTENCE, _HARD_SHARE, _NEW_TERMS = 120, 25, 0.25, 3.0
_SHOWN = 3
"""Of its hardest words."""
_VOWELS = re.compile(r"[aeiouy]+")
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][a-z]+")


@cache
def _analyzer() -> Any:
    from cefrpy import CEFRAnalyzer

    return CEFRAnalyzer()


@lru_cache(maxsize=50_000)
def word_level(word: str) -> float | None:
    """The CEFR level of an English word's easiest sense, 1 (A1) to 6 (C2); None for a word that is not known."""
    levels = _analyzer().get_pos_level_dict_for_word(word)
    return float(min(map(int, levels.values()))) if levels else None


@lru_cache(maxsize=10_000)
def syllables(word: str) -> int:
    """Syllables of an English word, by its groups of vowels; right for some nine words in ten."""
    groups = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
    silent = silent or (word.endswith("ed") and len(word) > 3 and word[-3] not in "td" and groups > 1)
    return max(1, groups - silent)


def _english(text: Text) -> bool:
    return len(text.words) >= _MIN_WORDS and text.language == "en"


def _levels(text: Text) -> dict[str, float]:
    """The level of each content word that is known and no name."""
    names = {name.lower() for name in _NAME.findall(text.raw)}
    different = (
        {word for word in text.words if word.isascii() and word.isalpha() and len(word) > 1} - STOP_WORDS - names
    )
    return {word: level for word in sorted(different) if (level := word_level(word)) is not None}


def _per_sentence(text: Text) -> float:
    return len(text.words) / len(text.sentences)


def _hardest(levels: dict[str, float]) -> str:
    ranked = sorted(levels, key=lambda word: (-levels[word], word))[:_SHOWN]
    return ", ".join(f"{word} {LEVELS[int(levels[word]) - 1]}" for word in ranked)


@metric("US school grade to read it", low=-3.4, high=math.inf, better="neither")
def reading_grade(case: Case, reply: Reply) -> Score:
    """Flesch-Kincaid grade from words per sentence and syllables per word; only for English of 8 words and more."""
    # Kincaid et al. 1975, Navy Research Branch Report 8-75.
    text = read(reply.text)
    if not _english(text):
        return DOES_NOT_APPLY
    spoken = [word for word in text.words if word.isalpha()] or ["a"]
    per_word = sum(map(syllables, spoken)) / len(spoken)
    grade = 0.39 * len(text.words) / len(text.sentences) + 11.8 * per_word - 15.59
    return Score(grade, f"{_per_sentence(text):.1f} words a sentence, {per_word:.1f} syllables a word")


@metric("CEFR level of its words", low=1, high=6, better="neither")
def vocabulary_level(case: Case, reply: Reply) -> Score:
    """The mean level of its different content words, 1 (A1) to 6 (C2); only for English of 8 words and more."""
    # The mean tells the reading levels of OneStopEnglish apart better than a high quantile or the share beyond a level.
    text = read(reply.text)
    levels = _levels(text) if _english(text) else {}
    if len(levels) < _MIN_KNOWN:
        return DOES_NOT_APPLY
    return Score(sum(levels.values()) / len(levels), f"hardest: {_hardest(levels)}")


@metric("speaks at the learner's level", restraint=True)
def level_fit(case: Case, reply: Reply) -> Score:
    """Share of content words not above the learner's level, less where sentences are longer than suits it."""
    text = read(reply.text)
    level = case.truth.level if case.truth else ""
    if (
        level not in LEVELS
        or not _english(text)
        or (case.truth and code_of(case.truth.target_language) not in _ENGLISH)
    ):
        return DOES_NOT_APPLY
    levels = _levels(text)
    if len(levels) < _MIN_KNOWN:
        return DOES_NOT_APPLY
    beyond = [word for word, each in levels.items() if each > LEVELS.index(level) + 1]
    within = (len(levels) - len(beyond)) / len(levels)
    fit = min(1.0, _SENTENCE.get(level, math.inf) * len(text.sentences) / len(text.words))
    why = [f"beyond {level}: {quoted(*beyond)}"] if beyond else []
    why += [f"{_per_sentence(text):.1f} words a sentence"] if fit < 1 else []
    return Score(within * fit, "; ".join(why))


@metric("load on the learner", better="neither")
def cognitive_load(case: Case, reply: Reply) -> Score:
    """How long, how long-winded, how hard and how new its words are: the mean of four parts, each 1 at most.

    Words / 120; words per sentence / 25; share of content words beyond B1 / 0.25; words beyond A2 that nobody used in
    the conversation, per sentence, / 3. The divisors are our own choice.
    """
    text = read(reply.text)
    if not _english(text):
        return DOES_NOT_APPLY
    levels, told = _levels(text), topic(case.messages)
    beyond = sum(level > _B1 for level in levels.values()) / max(1, len(levels))
    new = sum(level > _A2 and stem(word) not in told for word, level in levels.items())
    parts = {
        "length": len(text.words) / _LONG_REPLY,
        "sentences": len(text.words) / len(text.sentences) / _LONG_SENTENCE,
        "hard words": beyond / _HARD_SHARE,
        "new words": new / len(text.sentences) / _NEW_TERMS,
    }
    load = sum(min(1.0, part) for part in parts.values()) / len(parts)
    return Score(load, ", ".join(f"{name} {min(1.0, part):.2g}" for name, part in parts.items()))
