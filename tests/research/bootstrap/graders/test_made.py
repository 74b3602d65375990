"""Replies made by rule, and what the graders make of them."""

from __future__ import annotations

from collections import Counter

import pytest

from research.bootstrap.bands import BANDS
from research.bootstrap.classroom.types import TYPES
from research.bootstrap.graders.grade import grade
from research.bootstrap.graders.made import Made, made


@pytest.fixture(scope="module")
def replies() -> list[Made]:
    return list(made(tasks=1, seed=3))


def test_there_are_good_and_bad_ones_of_every_type_and_band(replies: list[Made]) -> None:
    for truth in ("good", "partial", "bad"):
        cells = Counter((each.ask.kind, each.ask.band) for each in replies if each.truth == truth)
        assert len(cells) == len(TYPES) * len(BANDS), truth
    assert len(replies) > 400 and replies == list(made(tasks=1, seed=3))
    assert len({each.source for each in replies if each.truth == "bad"}) >= 15


def test_right_words_that_are_not_right_are_among_them(replies: list[Made]) -> None:
    """What a grader is fooled by that looks for the words alone."""
    kinds = {
        *("filler behind", "filler within", "what was heard behind", "another's behind", "wrong pronoun"),
        *("another task's", "one sentence of several", "one part of two", "half another's"),
        *("disagreeing", "wrong number", "wrong verb"),
    }
    found = Counter(each.source for each in replies)
    assert all(found[kind] >= 3 for kind in kinds), {kind: found[kind] for kind in kinds}
    for each in replies:
        if each.source in kinds:
            assert each.truth != "good" and each.text.strip() not in each.ask.want.models, (each.source, each.text)


def test_graders_take_them_for_what_they_are(replies: list[Made]) -> None:
    wrong = []
    for each in replies:
        found = grade(each.ask.want, each.ask.band, each.text, each.ended, each.before)
        if not {"good": found.score >= 6, "partial": found.score < 6, "bad": found.score < 3}[each.truth]:
            wrong.append((each.source, each.task, each.text, found))
    assert not wrong
