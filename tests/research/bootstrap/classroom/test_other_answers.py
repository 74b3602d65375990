"""A task is done by whoever gives a right answer, in the words of the model answer or in others; and by nobody else."""

import random
import re
from collections.abc import Callable

import pytest

from research.bootstrap.classroom.asking import Ask, Line
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.types import TYPES
from research.bootstrap.graders.task import task

Reply = Callable[[Ask], str]
CASES: list[tuple[str, int, int, str, str, str]] = [
    ("classroom", 5, 0, r"Did you", "Do you", "Did we"),
    ("classroom", 7, 1, r"I .*", "", "I did it."),
    ("how_it_works", 7, 0, r"(It|An? \w+) is ", "", "It is a place: "),
    ("how_it_works", 7, 1, r".* (an? \w+)\.", r"\1.", "It has no end."),
    ("how_it_works", 7, 2, r"We use .*? to", "To", "We use it to be"),
    ("why_chain", 5, 0, r".* because", "Because", "Because of it,"),
    ("why_chain", 7, 0, r".*[Bb]ecause", "Because", "Because of it,"),
    ("storytime", 5, 0, r"^(First|Then|At last) (\w)", r"\2", "Not so: first nobody"),
    ("storytime", 7, 1, r"^Then (\w)", r"\1", "Then nobody"),
]
"""Type, band, turn, what of the model answer may be otherwise, how else it is right, and how it is not."""


def turns(kind: str, band: int, turn: int, count: int = 25) -> list[tuple[Ask, tuple[Line, ...]]]:
    """So many turns, each with what was said before it."""
    found = []
    for seed in range(count):
        asks = TYPES[kind](Scene(random.Random(seed), "sessions")).episode(band).asks
        found.append((asks[turn], tuple(line for ask in asks[: turn + 1] for line in ask.lines)))
    return found


@pytest.mark.parametrize(("kind", "band", "turn", "may", "right", "wrong"), CASES)
def test_what_is_right_in_other_words(kind: str, band: int, turn: int, may: str, right: str, wrong: str) -> None:
    seen = [(ask, before) for ask, before in turns(kind, band, turn) if re.search(may, ask.model)]
    assert seen
    for ask, before in seen:
        said = re.sub(may, right, ask.model) if right else ask.model
        assert task(ask.want, band, f"{said[0].upper()}{said[1:]}", before).score >= 6, (said, ask.want)
        said = re.sub(may, wrong, ask.model)
        assert task(ask.want, band, said, before).score < 6, (said, ask.want)


def test_which_step_was_asked_for_counts() -> None:
    """And which of two people, and which of two reasons."""
    for kind, band in (("storytime", 1), ("storytime", 3), ("storytime", 5), ("why_chain", 5), ("retelling", 1)):
        for ask, before in turns(kind, band, 0):
            for other in ask.want.wrong:
                assert task(ask.want, band, f"{ask.model[:-1]} and {other}.", before).score < 3, (ask.model, other)


def test_what_a_thing_has_is_told_apart_from_what_it_has_not() -> None:
    for ask, before in turns("how_it_works", 5, 0, 40):
        kept = ask.model.replace("Yes, ", "").replace("No, ", "")
        if kept != ask.model:
            turned = f"No, {kept}" if ask.model.startswith("Yes") else f"Yes, {kept}"
            assert task(ask.want, 5, turned, before).score < 3, turned
        if " no " in ask.model:
            said = re.sub(r"has no (\w+)", lambda m: f"does not have {_a(m[1])}", ask.model)
            assert task(ask.want, 5, said, before).score >= 6, said
            assert task(ask.want, 5, re.sub(r"has no (\w+)", lambda m: f"has {_a(m[1])}", ask.model), before).score < 3


def test_a_card_without_an_article_takes_any() -> None:
    seen = 0
    for ask, before in turns("classroom", 4, 0, 60):
        for article in (" a ", " an ", " some "):
            if article in ask.model and f"{article}" not in before[-1].text:
                said = ask.model.replace(article, " the ")
                assert task(ask.want, 4, said, before).score == 7, said
                seen += 1
    assert seen > 3


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
