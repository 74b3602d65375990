"""How much a reply did what was asked, 0 to 7, by what the session's scene knows.

7  all of it: a wanted answer word for word, or every point and nothing that is wrong
5  every point, and not as it was wanted
4  every point, behind more words than the task takes
1 to 4  some of the points
0  none, or the prompt said back
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from research.bootstrap.bands import TOP_SCORE
from research.bootstrap.classroom.asking import PUPIL, Form, Line, Want

_WORDS = re.compile(r"[a-z]+|\d+")
_ECHO = 4
"""Words of a line from which on to say it back is an echo."""
_SPARE = (2, 4, 4, 6, 10, 10, 14, 12)
"""Words, by band, that a reply may have beside those of its points."""


class Done(NamedTuple):
    """What a reply did of what was asked, and why it is worth so much."""

    score: int
    why: str


def task(want: Want, band: int, text: str, before: Sequence[Line]) -> Done:
    """How much `text` does of what is wanted; `before` is what was said before it."""
    words = words_of(text)
    if not words:
        return Done(0, "says nothing")
    said = " ".join(words)
    if want.exactly and said in {" ".join(words_of(each)) for each in want.exactly} and _form(want.form, text):
        return Done(TOP_SCORE, "word for word")
    met, places = _points(want, words)
    share = met / len(want.points)
    if _echoes(words, before, told_too=share < 1):
        return Done(0, "says back what was said")
    if wrong := next((each for each in want.wrong if _at(words, each) is not None), None):
        return Done(min(2, int(3 * share)), f"says {wrong}")
    if share < 1:
        return Done(int(4 * share), f"{met} of {len(want.points)} points")
    if want.in_order and not _ordered(want, words):
        return Done(4, "every point, in another order")
    if not _form(want.form, text):
        return Done(4, f"every point, and no {want.form}")
    if len(words) > places + _SPARE[band]:
        return Done(4, "every point, behind many other words")
    return Done(5, "every point, in other words than wanted") if want.exactly else Done(TOP_SCORE, "every point")


@lru_cache(maxsize=100_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, marks and case apart."""
    return tuple(_WORDS.findall(text.lower()))


def _at(words: Sequence[str], phrase: str, start: int = 0) -> int | None:
    """The end of the first place from `start` on where a phrase stands whole; None where it does not."""
    wanted = words_of(phrase)
    size = len(wanted)
    for place in range(start, len(words) - size + 1):
        if tuple(words[place : place + size]) == wanted:
            return place + size
    return None


def _points(want: Want, words: Sequence[str]) -> tuple[int, int]:
    """How many points stand in the words, and how many words they take."""
    met = places = 0
    for choices in want.points:
        if (size := max((len(words_of(each)) for each in choices if _at(words, each) is not None), default=0)) > 0:
            met, places = met + 1, places + size
    return met, places


def _ordered(want: Want, words: Sequence[str]) -> bool:
    """Whether the points stand one after the other, each where it first can."""
    place = 0
    for choices in want.points:
        ends = [end for each in choices if (end := _at(words, each, place)) is not None]
        if not ends:
            return False
        place = min(ends)
    return True


def _form(form: Form, text: str) -> bool:
    """Whether the text ends as its form wants it to; what is no question is not told apart here."""
    return form == "any" or (form == "question") == text.rstrip().endswith("?")


def _echoes(words: Sequence[str], before: Iterable[Line], *, told_too: bool) -> bool:
    """Whether a line stands whole in the reply, or is all of it but a word.

    To say back what the task was is never to do it; to say back what another told may be, where that holds all points.
    """
    for line in before:
        said = words_of(line.text)
        if not told_too and "?" not in line.text and PUPIL.lower() not in said:
            continue
        if len(said) >= _ECHO and _at(words, line.text) is not None:
            return True
        if len(said) - 1 <= len(words) < len(said) and len(words) >= _ECHO and _at(said, " ".join(words)) is not None:
            return True
    return False
