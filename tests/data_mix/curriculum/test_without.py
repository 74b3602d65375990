"""Exercises that are left out: no row holds one, and the rows are read back by what is left."""

import pytest
from pydantic import ValidationError

from data_mix.curriculum import CurriculumConfig, generate, heldout, sentences_that_parse
from data_mix.curriculum.chooser import derivations
from data_mix.curriculum.sessions.classroom import EXERCISES
from data_mix.curriculum.write import SPLITS, program

PLAIN = CurriculumConfig(sessions=1, dialogues=0)
WITHOUT = CurriculumConfig(sessions=1, dialogues=0, without=("who_are_you", "cards"))
SIGNS = ("Who are you?", "Cards for ")


def lessons(config: CurriculumConfig, split: str, count: int) -> list:
    rows = generate(config, "session", split, count, seed=0)
    return [row for row in rows if row.meta["session"] == "Classroom"]


@pytest.mark.parametrize("split", SPLITS)
def test_no_row_of_any_split_holds_what_is_left_out(split: str) -> None:
    said = {config: [row.messages[0]["content"] for row in lessons(config, split, 1500)] for config in (PLAIN, WITHOUT)}
    assert all(any(sign in text for text in said[PLAIN]) for sign in SIGNS)
    assert said[WITHOUT] and not any(sign in text for text in said[WITHOUT] for sign in SIGNS)


def test_a_row_reads_back_with_its_probability_among_what_is_left_alone() -> None:
    held = heldout(WITHOUT, 0)
    for row in lessons(WITHOUT, "train", 60):
        text = row.messages[0]["content"]
        assert list(derivations(program("session", "train", held), [("text", text)])) == [pytest.approx(row.log2_prob)]
        assert sentences_that_parse(text)[0] == text.count("\n") + 1
    lesson = next(row for row in lessons(PLAIN, "train", 1500) if SIGNS[0] in row.messages[0]["content"])
    said = [("text", lesson.messages[0]["content"])]
    assert list(derivations(program("session", "train", heldout(PLAIN, 0)), said))
    assert not list(derivations(program("session", "train", held), said)), "what is left out is in the language no more"


def test_what_is_left_out_is_named_rightly_and_leaves_something() -> None:
    with pytest.raises(ValidationError, match="there is no exercise who_am_i; there are cards, "):
        CurriculumConfig(without=("who_am_i",))
    with pytest.raises(ValidationError, match="no exercise is left"):
        CurriculumConfig(without=tuple(EXERCISES))
    assert "without" not in PLAIN.model_dump() and heldout(PLAIN, 0) == heldout(CurriculumConfig(), 0)
