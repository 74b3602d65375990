"""How much a reply is language at the level of a band, 0 to 7.

7  all that a reply of the band should be, ended by itself, with a capital and a mark at its end
6  the same without capital or mark
5  well-formed, and less than was asked for: a phrase for a sentence, one sentence for a story
4  well-formed but for agreement or an article, cut off, or a sentence of several that is not
3  two well-formed pieces that do not go together, more than the band asks for by far, one word for a phrase
2  known words in no order that means anything, or the same again and again
1  every second word is known
0  nothing that is language
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from research.bootstrap.bands import TOP_SCORE
from research.bootstrap.graders.grammar import Parse, grammar

_TOKEN = re.compile(r"[A-Za-z]+|[^A-Za-z\s]")
_SENTENCE = re.compile(r"([^.!?]*)([.!?]?)")
_LONGEST = (8, 6, 8, 14, 26, 26, 80, 40)
"""Words of a reply, by band, from which on it is more than was asked for."""
_SYLLABLE = re.compile(r"[bdgklmnpstw][aeiou]")
_FEW_WORDS = 3
"""Words of a phrase that says no more than a word does."""
_MARKS = (",", ":")
_FEW = 7
"""Words that babble may be."""
Level = Literal["sentence", "phrase", "word", "loose", "pieces", "words", "half", "nothing"]
_WORTH: dict[Level, int] = {"loose": 4, "pieces": 3, "words": 2, "half": 1, "nothing": 0}
"""Of what does not parse."""


class Found(NamedTuple):
    """What a reply is worth as language, and why."""

    score: int
    why: str


class Sentence(NamedTuple):
    """A sentence of a reply: its words and commas in lower case, and its mark."""

    words: tuple[str, ...]
    mark: str


def english(band: int, text: str, ended: bool, *, sentence: bool = False) -> Found:
    """How much `text` is language as a reply of `band` should be; `ended` says whether it ended by itself, `sentence`
    whether nothing less will do, as at the band of sentences."""
    said = text.strip()
    sentences = sentences_of(said)
    if not sentences:
        return Found(0, "says nothing")
    found = _babble(sentences) if band == 0 else _language(band, sentences, sentence or band == 4)
    if not ended:
        found = min(found, Found(4, "is cut off"))
    if band and found.score == TOP_SCORE and not (said[0].isupper() and sentences[-1].mark):
        return Found(6, "has no capital, or no mark at its end")
    return found


def parses(text: str) -> list[bool]:
    """Of each sentence of a text whether it parses, as a sentence, a question or a phrase."""
    return [level(each) in ("sentence", "phrase", "word") for each in sentences_of(text)]


def sentences_of(text: str) -> list[Sentence]:
    """The sentences of a text. What is no letter or mark stands as a word that is not known."""
    found = []
    for words, mark in _SENTENCE.findall(text):
        if tokens := tuple(_TOKEN.findall(words.lower())):
            found.append(Sentence(tokens, mark))
    return found


@lru_cache(maxsize=100_000)
def level(sentence: Sentence) -> Level:
    """What a sentence is."""
    words, known = sentence.words, grammar().known
    count = sum(word in known or word in _MARKS for word in words)
    if count < len(words):
        return "half" if 2 * count >= len(words) else "nothing"
    if _lists_twice(words) or any(first == second for first, second in pairwise(words)):
        return "words"
    parse = Parse(grammar(), words)
    if parse.whole("question" if sentence.mark == "?" else "sentence"):
        return "sentence"
    if len(words) == 1:
        return "word"
    if sentence.mark != "?" and parse.whole("phrase"):
        return "phrase"
    loose = Parse(grammar(), words, loose=True)
    if any(loose.whole(rule) for rule in ("sentence", "question", "phrase")):
        return "loose"
    return "pieces" if _in_two(parse, len(words)) else "words"


def _babble(sentences: Sequence[Sentence]) -> Found:
    sounds = [word for each in sentences for word in each.words if word != ","]
    right = sum(bool(_SYLLABLE.fullmatch(sound)) for sound in sounds)
    if right < len(sounds):
        return Found(4 * right // len(sounds), "not all of it are sounds")
    return Found(TOP_SCORE, "babble") if len(sounds) <= _FEW else Found(3, "goes on and on")


def _language(band: int, sentences: Sequence[Sentence], sentence: bool) -> Found:
    length = sum(len(each.words) for each in sentences)
    levels = [level(each) for each in sentences]
    scores = [_WORTH.get(each, TOP_SCORE) for each in levels]
    if len({each.words for each in sentences}) < len(sentences):
        return Found(2, "says the same again")
    if min(scores) < TOP_SCORE:
        worst = levels[scores.index(min(scores))]
        if len(scores) > 1 and min(scores) < 4:
            return Found(min(4, sum(scores) // len(scores)), _WHY[worst])
        return Found(min(scores), _WHY[worst])
    if length > _LONGEST[band]:
        return Found(3, "says far more than was asked")
    if sentence and not any(
        found == "sentence" or each.words[0] == "because" for found, each in zip(levels, sentences, strict=True)
    ):
        return Found(5, "is no sentence")
    return _as_asked(band, levels, length)


def _as_asked(band: int, levels: Sequence[Level], length: int) -> Found:
    """What is well-formed, against what the band asks for."""
    whole = sum(each == "sentence" for each in levels)
    if band in (1, 2, 3) and len(levels) > 1:
        return Found(4 if len(levels) == 2 else 2, "says more than one thing")
    if band == 1 and "phrase" in levels and length > _FEW_WORDS:
        return Found(3, "says far more than was asked")
    if band in (2, 3) and levels == ["word"]:
        return Found(3, "is one word")
    if band == 6 and whole < 2:
        return Found(5, "is not two sentences")
    if band in (5, 6, 7) and any(each == "word" for each in levels) and len(levels) > 1:
        return Found(4, "is single words")
    return Found(TOP_SCORE, "as a reply of this band should be")


_WHY: dict[Level, str] = {
    "loose": "does not agree, or has another article",
    "pieces": "two pieces that do not go together",
    "words": "words in no order",
    "half": "not all of it are words",
    "nothing": "no words",
}


def _lists_twice(words: Sequence[str]) -> bool:
    """Whether an item of a list stands in it twice."""
    items = " ".join(words).replace(" and ", " , ").split(" , ")
    return len(items) > 2 and len(set(items)) < len(items)


def _in_two(parse: Parse, length: int) -> bool:
    """Whether the words are two well-formed pieces one after the other."""
    pieces = ("sentence", "phrase", "mention")
    firsts = {end for rule in pieces for end in parse.ends(rule, 0) if end < length}
    return any(length in parse.ends(rule, end) for end in firsts for rule in pieces)
