"""Loops: a model that says the same over and over. A rate that is followed, not a fault; more than usual is a warning.

A text loops where a run of words comes three times one right after the other and fills nine words at least, markers of
lists and marks between them not counted, so that it is found across lines too; where one of its sentences stands in it
four times and makes up most of it; or where a turn says for the third time what the model said in that dialogue. A
refrain between verses, a count, and lines that begin alike are none. What was asked to be repeated, sung, counted or
rhymed is not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from data_mix.language.speech import words
from espalier.signals.records import Signal
from training.config import TrainConfig
from training.monitors.base import Look, MonitorKind
from training.monitors.rates import followed
from training.monitors.spoken import Spoken, spoken

_TIMES, _FILLED = 3, 9
_LONGEST = 80
"""Words of the longest run that is looked for."""
_SENTENCE_TIMES, _SENTENCE_SHARE = 4, 0.6
_SAID_BEFORE, _FEWEST_WORDS = 2, 3

_MARKER = re.compile(r"^[^\S\n]*(?:[-*•–—·]+|\(?(?:\d{1,3}|[a-zA-Z])[.):])[^\S\n]+", re.MULTILINE)
_ONE_SIGN = re.compile(r"(\S{1,8}?)\1{24}")
_END = re.compile(r"(?<=[.?!…。！？।])\s+|\n+")
_ASKED_FOR = re.compile(
    r"\b(?:repeat|again and again|times|sing|songs?|chants?|poems?|verses?|rhymes?|refrain|chorus|count"
    r"|repit[ea]\w*|repet\w+|veces|canta\w*|canci[oó]n\w*|poemas?|versos?|rimas?|estribillo|contar"
    r"|cuenta (?:hasta|de|del))\b",
    re.IGNORECASE,
)


class Repetition:
    """The monitor."""

    def look(self, look: Look) -> Iterable[Signal]:
        """Signals `rate`, `found`, `of`."""
        judged = [each for each in spoken(look) if not each.asks_for(_ASKED_FOR)]
        found = [each.evidence | {"over and over": unit} for each in judged if (unit := _looping(each))]
        return followed(look, "repetition", "loops", found, len(judged))


def _looping(said: Spoken) -> str:
    if unit := loop(said.text):
        return unit
    own = words(said.text)
    before = sum(words(text) == own for text in said.earlier)
    return " ".join(own) if len(own) >= _FEWEST_WORDS and before >= _SAID_BEFORE else ""


def loop(text: str) -> str:
    """What a text says over and over, if it does; else nothing."""
    if run := _ONE_SIGN.search(text):
        return run[1]
    plain = _MARKER.sub("", text)
    return _cycle(words(plain)) or _sentence(plain)


def _cycle(said: Sequence[str]) -> str:
    """The shortest run of words that comes often enough one right after the other."""
    for length in range(1, min(_LONGEST, len(said) // _TIMES) + 1):
        end = 0
        for same, run in groupby(one == other for one, other in zip(said, said[length:], strict=False)):
            count = len(list(run))
            end += count
            if same and count + length >= max(_FILLED, _TIMES * length):
                return " ".join(said[end - count : end - count + length])
    return ""


def _sentence(text: str) -> str:
    """The sentence that makes up most of a text."""
    sentences = [tuple(words(part)) for part in _END.split(text) if words(part)]
    if not sentences:
        return ""
    [(most, times)] = Counter(sentences).most_common(1)
    often = times >= _SENTENCE_TIMES and times > _SENTENCE_SHARE * len(sentences)
    return " ".join(most) if often and len(most) >= _FEWEST_WORDS else ""


def _make(config: TrainConfig) -> Repetition:
    return Repetition()


MONITOR = MonitorKind(
    name="repetition",
    looks_at="whether answers and dialogues loop, within and across lines",
    evidence="what loops, what it was said to, and what is said over and over",
    make=_make,
)
