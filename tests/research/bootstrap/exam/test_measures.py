"""What is measured of turns: marks, manner, minimal pairs, and what is read of a name."""

from __future__ import annotations

import math
from typing import Any

import pytest

from research.bootstrap.classroom.asking import PUPIL, SOPHIE, Ask, Line, Want
from research.bootstrap.exam import identity, pairs
from research.bootstrap.exam.manner import manner
from research.bootstrap.exam.marks import mark, result
from research.bootstrap.exam.milestones import Milestone
from research.bootstrap.exam.sitting import Answer, Asked
from research.bootstrap.graders.english import parses
from research.bootstrap.graders.grade import Grade

FOUND = pairs.pairs(7)


def turn(said: str, *lines: str, place: int = 0, ended: bool = True) -> tuple[Asked, Answer]:
    before = tuple(Line(speaker="Tutor", text=each) for each in lines or ("What is it?",))
    ask = Ask(kind="toy", band=4, lines=before, want=Want(points=(("apple",),)), model="It is an apple.")
    return Asked(place=place, turn=0, ask=ask, before=before, transcript=""), Answer(text=f" {said}", ended=ended)


def graded(want: Want, band: int, text: str, ended: bool, before: Any) -> Grade:
    score = 7 if "apple" in text else 3
    return Grade(english=5, task=score, score=score, why="")


def test_a_paper_counts_turns_and_sentences_and_what_is_cut_does_not_parse() -> None:
    milestone = Milestone(tasks=4, score=6, at_least=0.2, sentences=0.05, longest=9)
    turns = [
        turn("It is an apple. It is red.", place=0),
        turn("It is an apple.", place=1, ended=False),
        turn("The the red it.", place=2),
        turn("", place=3),
    ]
    found = result(milestone, mark(turns, graded), parses)
    assert (found["tasks"], found["turns"], found["good"], found["share"]) == (4, 4, 2, 0.5)
    assert (found["sentences"]["of"], found["sentences"]["share"], found["cut"]) == (5, 2 / 5, 1)
    assert found["scores"] == [0, 0, 0, 2, 0, 0, 0, 2] and found["by_kind"] == {"toy": 0.5}
    assert [each.partition(":")[0] for each in found["failed"]] == ["good turns"]


def test_manner_tells_echoes_repetition_and_sameness_apart() -> None:
    assert manner([turn("It is an apple."), turn("It is a pear.")]) == {"repetition": 0, "echo": 0, "distinct": 1}
    echo = [turn("Is the apple red?", "Look, is the apple red?"), turn("The red apple.", "The red apple")]
    assert manner(echo)["echo"] == 1
    assert manner([turn("Red.", "Is the apple red?")])["echo"] == 0, "a word of what was said is an answer"
    assert manner([turn("apple apple apple apple")])["repetition"] == pytest.approx(2 / 3)
    assert manner([turn("Yes."), turn("yes"), turn("No."), turn("Yes!")])["distinct"] == 0.5
    assert manner([]) == {"repetition": 0, "echo": 0, "distinct": 0}


@pytest.mark.parametrize("name", pairs.PHENOMENA)
def test_pairs_differ_in_one_thing_that_the_grammar_tells_apart(name: str) -> None:
    those = FOUND[name]
    assert len(set(those)) == pairs.PAIRS
    assert [pair for pair in those if not parses(pair[0])[0]] == [], "what is right parses"
    if name != "tense and time":  # a sentence that is right, at another time than it says
        assert [pair for pair in those if parses(pair[1])[0]] == [], "what is wrong does not"
    for right, wrong in those:
        shared = sorted(right.lower().strip(".").split()), sorted(wrong.lower().strip(".").split())
        moved = "order" in name
        changed = sum(a != b for a, b in zip(right.split(), wrong.split(), strict=True))
        assert shared[0] == shared[1] if moved else changed == 1


def test_pairs_are_about_what_stands_in_no_session_and_nobody_is_right_by_length() -> None:
    assert len(FOUND) >= 8 and FOUND == pairs.pairs(7) != pairs.pairs(8)
    texts = pairs.texts(FOUND)
    assert len(texts) == 2 * pairs.PAIRS * len(FOUND) and texts[0].startswith(f"{SOPHIE}: ") and texts[0][-1] == "\n"
    by_length = pairs.told_right(FOUND, [-len(each) for each in texts])
    assert all(0.4 <= each["share"] == each["shorter"] <= 0.6 for each in by_length["phenomena"].values())


def test_a_model_is_right_where_it_finds_the_right_one_likelier() -> None:
    texts = pairs.texts(FOUND)
    knows = pairs.told_right(FOUND, [-float(place % 2) for place in range(len(texts))])
    assert knows["share"] == 1 and all(
        each["right"] == each["pairs"] == pairs.PAIRS for each in knows["phenomena"].values()
    )
    guesses = pairs.told_right(FOUND, [0.0] * len(texts))
    assert guesses["share"] == 0.5
    broken = pairs.told_right(FOUND, [math.nan] * len(texts))
    assert broken["share"] == 0, "what is no number is not right"


def test_whose_name_is_said_and_whether_it_stays() -> None:
    def lines(reply: str, drawn: str) -> list[dict[str, Any]]:
        return [
            identity.heard(each, Answer(text=f" {drawn if each['sample'] else reply}")) for each in identity.asked()
        ]

    said = lines("I am Basil.", "My name is Anna.")
    assert {each["whose"] for each in said if each["speaker"] == PUPIL} == {"own", "another's"}
    assert {each["whose"] for each in said if each["speaker"] == SOPHIE} == {"Basil's", "another's"}
    reading = identity.read(said)
    assert reading["role"] == PUPIL and reading[PUPIL]["names"] == {"Anna": 24, "Basil": 6}
    assert reading[PUPIL]["own_name"] == 0.2 and reading[PUPIL]["agrees"] == 0
    assert identity.kept(said, lines("I am Basil.", "Cat.")) == 1 and identity.kept(said, lines("Cat.", "Cat.")) == 0
    assert "it is Basil, whoever is asked" in identity.told(reading)
    silent = identity.heard(next(identity.asked()), Answer(text="", ended=False))
    assert (silent["names"], silent["whose"], silent["first_person"], silent["finish"]) == ([], None, False, "length")
