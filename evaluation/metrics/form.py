"""The form of a reply: how long, how varied, how repetitive. What is good depends on what was asked, so most describe.

Words are those of `speech`: contractions count as two, and each character of a script without spaces as one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.text import read

_WINDOW = 25
_MTLD_MIN_WORDS = 50
_MTLD_THRESHOLD = 0.72
_GRAM = 4
_LONG_RUN = re.compile(r"(\S)\1{49}")


@metric("words", high=math.inf, better="neither")
def words(case: Case, reply: Reply) -> Score:
    """How many words the reply has."""
    return Score(len(read(reply.text).words))


@metric("sentences", high=math.inf, better="neither")
def sentences(case: Case, reply: Reply) -> Score:
    """How many sentences and lines with words in them the reply has."""
    return Score(len(read(reply.text).sentences))


@metric("words per sentence", high=math.inf, better="neither")
def sentence_length(case: Case, reply: Reply) -> Score:
    """Words per sentence, on average over the reply; none for a reply without words."""
    text = read(reply.text)
    return Score(len(text.words) / len(text.sentences)) if text.sentences else DOES_NOT_APPLY


@metric("tutor's share of the words", better="neither")
def talk_share(case: Case, reply: Reply) -> Score:
    """The reply's words among those of the reply and of the learner's turn before it; none where neither speaks."""
    ours, theirs = len(read(reply.text).words), len(read(case.learner).words)
    return Score(ours / (ours + theirs), f"{ours} of {ours + theirs} words") if ours + theirs else DOES_NOT_APPLY


@metric("share of different words", better="neither")
def mattr(case: Case, reply: Reply) -> Score:
    """Moving-average type-token ratio: different words among 25 in a row, on average; only for 25 words and more."""
    # Covington and McFall 2010, doi:10.1080/09296171003643098; a shorter window than their 500, for replies are short.
    spoken = read(reply.text).words
    if len(spoken) < _WINDOW:
        return DOES_NOT_APPLY
    inside = Counter(spoken[:_WINDOW])
    total = len(inside)
    for leaving, coming in zip(spoken, spoken[_WINDOW:], strict=False):
        inside[leaving] -= 1
        if not inside[leaving]:
            del inside[leaving]
        inside[coming] += 1
        total += len(inside)
    return Score(total / ((len(spoken) - _WINDOW + 1) * _WINDOW))


@metric("words until they repeat", high=math.inf, better="neither")
def mtld(case: Case, reply: Reply) -> Score:
    """Measure of textual lexical diversity: words in a row until under 72% differ; only for 50 words and more."""
    # McCarthy and Jarvis 2010, doi:10.3758/BRM.42.2.381: forwards and backwards, averaged.
    spoken = read(reply.text).words
    if len(spoken) < _MTLD_MIN_WORDS:
        return DOES_NOT_APPLY
    return Score((_mtld(spoken) + _mtld(spoken[::-1])) / 2)


def _mtld(spoken: Sequence[str]) -> float:
    factors, seen, length = 0.0, set[str](), 0
    for word in spoken:
        seen.add(word)
        length += 1
        if len(seen) / length < _MTLD_THRESHOLD:
            factors, seen, length = factors + 1, set(), 0
    if length:
        factors += (1 - len(seen) / length) / (1 - _MTLD_THRESHOLD)
    return len(spoken) / factors if factors else float(len(spoken))


@metric("repeats itself", better="lower")
def repetition(case: Case, reply: Reply) -> Score:
    """The share of its runs of four words that stood in the reply before; 1 for one sign 50 times over."""
    if run := _LONG_RUN.search(reply.text):
        return Score(1.0, f"{quoted(run[1])} 50 times in a row")
    spoken = read(reply.text).words
    grams = list(zip(*(spoken[start:] for start in range(_GRAM)), strict=False))
    if not grams:
        return DOES_NOT_APPLY
    different = len(set(grams))
    if different == len(grams):
        return Score(0.0)
    [(gram, times)] = Counter(grams).most_common(1)
    return Score(1 - different / len(grams), f"{quoted(' '.join(gram))} {times} times")
