"""How much a reply did what was asked, 0 to 7, by what the session's scene knows.

7  all of it: a wanted answer word for word, or every point and nothing that is wrong
5  every point, and not as it was wanted, or with something that nobody spoke of
4  every point, and more words or sentences than the task takes, of somebody else, or a question without its mark
2  every point, and yet something else: what is wrong too, the opposite, one thing or another, points in another order
1 to 3  some of the points
0  none, or the prompt said back
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from research.bootstrap.bands import TOP_SCORE
from research.bootstrap.classroom.asking import PUPIL, Form, Line, Want
from research.bootstrap.graders.beside import answers, fresh, goes_on, of_whom, persons, separators, told, words_of

_ECHO = 4
"""Words of a line from which on to say it back is an echo."""
_SPARE = (2, 4, 4, 6, 10, 10, 14, 12)
"""Words, by band, that a reply may have beside those of its points."""
_ONE_THING = (1, 2, 3)
"""Bands whose answer is one thing, or as many as there are points."""


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
    if besides := _says_besides(want, words):
        return Done(min(2, int(3 * share)), besides)
    if share < 1:
        return Done(int(4 * share), f"{met} of {len(want.points)} points")
    if want.in_order and not _ordered(want, words):
        return Done(2, "every point, in another order")
    if not _form(want.form, text):
        return Done(4 if want.form == "question" else 2, f"every point, and no {want.form}")
    if separators(text) > max(map(separators, answers(want))) + len(want.points) - 1 and band in _ONE_THING:
        return Done(2, "names more than was asked")
    news = fresh(want, words, before) if band else frozenset[str]()
    if len(news) > places:
        return Done(2, f"speaks of {', '.join(sorted(news))}")
    if len(words) > places + _SPARE[band]:
        return Done(4, "every point, behind many other words")
    if band and want.models and (strangers := persons(words) - of_whom(want)):
        return Done(4, f"every point, and speaks of {', '.join(sorted(strangers))}")
    if band and goes_on(want, text):
        return Done(4, "every point, and goes on")
    if news:
        return Done(5, f"every point, and {', '.join(sorted(news))}")
    return Done(5, "every point, in other words than wanted") if want.exactly else Done(TOP_SCORE, "every point")


def _says_besides(want: Want, words: Sequence[str]) -> str | None:
    """What in the words shows another answer, whatever else they hold."""
    if wrong := next((each for each in want.wrong if _at(words, each) is not None), None):
        return f"says {wrong}"
    if _denials(words) > _denied(want):
        return "denies it"
    if "or" in words and not any("or" in words_of(each) for each in answers(want)):
        return "says one thing or another"
    return None


def _denials(words: Iterable[str]) -> int:
    return sum(word in told()["denials"] for word in words)


@lru_cache(maxsize=100_000)
def _denied(want: Want) -> int:
    """How often an answer that is wanted says no."""
    by_points = sum(max(_denials(words_of(each)) for each in choices) for choices in want.points)
    return max([by_points, *(_denials(words_of(each)) for each in want.exactly)])


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
    """Whether a line stands whole in the reply, or the reply is a piece of one.

    A piece is an echo where it does not hold all points, and otherwise if it lacks no more than a word of the line. To
    say back what the task was is never to do it; to say back what another told may be, where that holds all points.
    """
    for line in before:
        said = words_of(line.text)
        if not told_too and "?" not in line.text and PUPIL.lower() not in said:
            continue
        if len(said) >= _ECHO and _at(words, line.text) is not None:
            return True
        least = _ECHO if told_too else max(_ECHO, len(said) - 1)
        if least <= len(words) < len(said) and _at(said, " ".join(words)) is not None:
            return True
    return False
