"""Which words of two texts the other lacks. `page_assets/differences.js` does the same for the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import groupby

Piece = tuple[str, bool]
"""A part of a text, and whether the other text lacks it."""

SIGNS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Of scripts that set no spaces between words, as a character class: each sign counts as a word."""
_MARKS = r"!-/:-@\[-`{-~\xa1-\xbf\u2010-\u2027\u2030-\u205e\u3001-\u303f\uff01-\uff0f\uff1a-\uff20"
"""Punctuation: each mark stands alone, but for those inside a number, as in 5/6."""
_WORDS = re.compile(rf"\s+|[0-9]+(?:[.,:/][0-9]+)+|[{SIGNS}{_MARKS}]|[^\s{SIGNS}{_MARKS}]+")


def words_of(text: str) -> list[str]:
    """The words, marks and spaces that a text consists of; joined they give it again."""
    return _WORDS.findall(text)


def differences(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """The pieces of either text; joined they give it again.

    Space and punctuation between two words that the other text lacks count as lacking too, so that marks run on.
    """
    left, right = words_of(before), words_of(after)
    own, theirs = [True] * len(left), [True] * len(right)
    for a, b, size in SequenceMatcher(None, left, right).get_matching_blocks():
        own[a : a + size] = theirs[b : b + size] = [False] * size
    return _pieces(left, own), _pieces(right, theirs)


def _pieces(words: Sequence[str], own: Sequence[bool]) -> list[Piece]:
    marked = [_is_marked(words, own, place) for place in range(len(words))]
    runs = groupby(zip(words, marked, strict=True), key=lambda pair: pair[1])
    return [("".join(word for word, _ in run), mark) for mark, run in runs]


def _is_marked(words: Sequence[str], own: Sequence[bool], place: int) -> bool:
    if _is_word(words[place]):
        return own[place]
    inside = _beside(words, own, place, -1) and _beside(words, own, place, 1)
    return inside or (own[place] and not words[place].isspace())


def _beside(words: Sequence[str], own: Sequence[bool], place: int, way: int) -> bool:
    """Whether the next word that way is one that the other text lacks."""
    place += way
    while 0 <= place < len(words) and not _is_word(words[place]):
        place += way
    return 0 <= place < len(words) and own[place]


def _is_word(word: str) -> bool:
    return any(sign.isalnum() for sign in word)
