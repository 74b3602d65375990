"""Words that take nothing up: function words of some languages, and the words of every canned question.

Metrics tell these languages apart by the lists alone: a text is in the language that most of its function words are of.
A text in another is of unknown language, and loses only the English words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from espalier.command_line import yaml_text
from evaluation.metrics.stems import stem
from evaluation.metrics.words import STOP_WORDS

_FILE = Path(__file__).with_name("stop_words.yaml")
_A_FEW = 8
"""One word in so many must be a function word of a language for a text to be in it."""


@cache
def _lists() -> dict[str, frozenset[str]]:
    listed = yaml_text.parse(_FILE.read_text(encoding="utf-8"), str(_FILE))
    return {name: frozenset(words.split()) for name, words in listed.items()} | {"en": STOP_WORDS}


def function_words(language: str) -> frozenset[str]:
    """The function words of a language by its code; none where they are not known."""
    return _lists().get(language, frozenset())


@cache
def stop_stems(language: str) -> frozenset[str]:
    """Stems that take nothing up in a text of `language`: function words, its own and English, and classroom talk."""
    lists = _lists()
    return frozenset(map(stem, lists.get(language, frozenset()) | lists["en"] | lists["talk"] | lists["zh"]))


def language_of(words: Sequence[str]) -> str:
    """The language of which `words` have most function words; empty where they have hardly any of any."""
    different = frozenset(words)
    counts = {name: len(listed & different) for name, listed in _lists().items() if name != "talk"}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] and counts[best] * _A_FEW >= len(different) else ""


def languages_mixed(words: Sequence[str]) -> frozenset[str]:
    """The languages of which `words` have at least two function words that no other of them has."""
    different = frozenset(words)
    return frozenset(name for name, own in _exclusive().items() if len(own & different) > 1)


@cache
def _exclusive() -> dict[str, frozenset[str]]:
    lists = {name: listed for name, listed in _lists().items() if name not in ("talk", "zh")}
    return {
        name: listed.difference(*(other for its_name, other in lists.items() if its_name != name))
        for name, listed in lists.items()
    }
