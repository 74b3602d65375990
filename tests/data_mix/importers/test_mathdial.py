"""A teacher's dialogue about a problem: the problem first, what the teacher means to do apart from what is said."""

from typing import Any

import pytest

from data_mix.importers import convert
from data_mix.reading.record import BadRecord

RECORD = {
    "qid": 17,
    "scenario": 2,
    "question": "Ann has 3 bags of 4 nuts. How many nuts has she?",
    "ground_truth": "3*4 = 12",
    "student_incorrect_solution": "3 + 4 = 7\n 7",
    "student_profile": "Ann is fond of adding.",
    "teacher_described_confusion": "adds instead of multiplying",
    "self-correctness": "Yes",
    "self-typical-confusion": 4.0,
    "conversation": (
        "Teacher: (generic)Hi Ann, how did you get 7?|EOM|Ann: I added: 3 and 4.|EOM|"
        "Teacher: (focus)How many nuts: are in one bag?|EOM|Teacher: (2 bags first)|EOM|Student:  (4)?"
    ),
}


def test_the_row_begins_with_the_problem_and_what_the_student_made_of_it() -> None:
    shape, [row] = convert([RECORD], "auto")
    assert shape == "mathdial"
    assert row.messages == [
        {
            "role": "user",
            "content": "Ann has 3 bags of 4 nuts. How many nuts has she?\n\nMy solution:\n3 + 4 = 7\n 7",
        },
        {"role": "assistant", "content": "Hi Ann, how did you get 7?"},
        {"role": "user", "content": "I added: 3 and 4."},
        {"role": "assistant", "content": "How many nuts: are in one bag?\n(2 bags first)"},
        {"role": "user", "content": "(4)?"},
    ]
    assert row.meta == {
        "language": "en",
        "qid": 17,
        "scenario": 2,
        "self_correctness": "Yes",
        "confusion": "adds instead of multiplying",
        "moves": ["generic", "focus"],
    }


def test_there_is_a_move_for_each_assistant_turn() -> None:
    said = (
        "Teacher: (generic)Hello.|EOM|Teacher: (probing)And why?|EOM|"
        "Student: So.|EOM|Teacher: Well.|EOM|Teacher:(telling) "
    )
    [row] = convert([RECORD | {"conversation": said}], "auto")[1]
    assert row.meta["moves"] == ["generic+probing", None]
    assert [message["content"] for message in row.messages[1:]] == ["Hello.\nAnd why?", "So.", "Well."]


def test_what_a_student_puts_in_brackets_is_no_move() -> None:
    [row] = convert([RECORD | {"conversation": "Student: (focus) on it|EOM|Teacher: Yes."}], "auto")[1]
    assert row.messages[0]["content"].endswith("\n(focus) on it")
    assert "moves" not in row.meta


def test_a_problem_without_a_solution_stands_alone() -> None:
    [row] = convert([RECORD | {"student_incorrect_solution": " "}], "auto")[1]
    assert row.messages[0]["content"] == RECORD["question"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"conversation": "Teacher: Hi.|EOM|no speaker"}, "bad_messages"),
        ({"conversation": "Teacher: Hi.|EOM|"}, "bad_messages"),
        ({"conversation": "Student: Nobody answers."}, "no_assistant_turn"),
        ({"conversation": None}, "unknown_shape"),
        ({"question": 3}, "bad_messages"),
        ({"student_incorrect_solution": ["3 + 4", "7"]}, "bad_messages"),
    ],
)
def test_what_is_malformed_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRecord) as found:
        convert([RECORD | change], "mathdial")
    assert found.value.reason == reason


def test_labels_that_are_no_labels_are_left_out() -> None:
    change = {"qid": [1], "scenario": None, "self-correctness": float("nan"), "teacher_described_confusion": "x" * 999}
    assert convert([RECORD | change], "auto")[1][0].meta == {"language": "en", "moves": ["generic", "focus"]}
