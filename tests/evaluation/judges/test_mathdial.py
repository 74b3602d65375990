"""MathDial's dialogues as labels: what a teacher's turn answers, its move, and lines that are none."""

import json
from pathlib import Path
from typing import Any

import pytest

from espalier.errors import UserError
from evaluation.judges.labels import read_file, read_labels

APPLES = "Ann buys 3 bags of 4 apples and eats 2 of them. How many are left?"
TALK = (
    "Teacher: (generic)Hi Ann, talk me through it.",
    "Ann: I added them: 3 + 4.",
    "Teacher: (focus) How many apples are in 3 bags?",
    "Ann: Ratio 3:4?",
    "Teacher: (telling)No, 3 x 4 = 12.",
)


def dialogue(*turns: str, **changes: Any) -> dict[str, Any]:
    row = {
        "qid": 7,
        "question": APPLES,
        "ground_truth": "3 x 4 = 12\n12 - 2 = 10\n 10",
        "student_incorrect_solution": "3 + 4 = 7, so 5 are left.",
        "conversation": "|EOM|".join(turns or TALK),
    }
    return row | changes


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_each_turn_of_the_teachers_answers_all_that_was_said_before_it(tmp_path: Path) -> None:
    greets, asks, tells = read_labels([write(tmp_path / "m.jsonl", dialogue())])
    assert [each.labels for each in (greets, asks, tells)] == [
        {"guiding": "Generic"},
        {"guiding": "Guiding"},
        {"guiding": "Telling"},
    ]
    assert greets.messages == [
        {"role": "assistant", "content": f"The question is: {APPLES}"},
        {"role": "user", "content": "3 + 4 = 7, so 5 are left."},
    ]
    assert (asks.reply, tells.reply) == ("How many apples are in 3 bags?", "No, 3 x 4 = 12.")
    assert [m["content"] for m in tells.messages[2:]] == [
        "Hi Ann, talk me through it.",
        "I added them: 3 + 4.",
        "How many apples are in 3 bags?",
        "Ratio 3:4?",
    ]
    assert [m["role"] for m in tells.messages] == ["assistant", "user"] * 3
    assert {each.tutor for each in (greets, asks, tells)} == {"Teacher"}
    assert tells.answer.endswith("10") and len({each.dialogue for each in (greets, asks, tells)}) == 3
    assert len({each.problem for each in (greets, asks, tells)}) == 1


def test_a_teacher_who_answers_no_learner_is_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = ("Teacher: (generic)Hi.", "Teacher: (probing)Why 7?", "Student: I added.", "Teacher: (focus) ")
    silent = dialogue("Teacher: (generic)Hello.", "Student: Hi.", student_incorrect_solution=" ")
    path = write(tmp_path / "m.jsonl", dialogue(*turns), silent)
    (hello,) = read_labels([path])
    assert hello.reply == "Hi."
    assert "m.jsonl: 3 turns of a teacher left out" in capsys.readouterr().out


def test_a_problem_of_both_corpora_is_one(tmp_path: Path) -> None:
    history = f"Tutor: Hi, please solve this. The question is: {APPLES} \n Student: I think it is 12."
    row = {
        "conversation_id": "d",
        "conversation_history": history,
        "tutor_responses": {"A": {"response": "Hm.", "annotation": {"Actionability": "Yes"}}},
    }
    (tmp_path / "a.json").write_text(json.dumps([row]))
    other = dialogue(question="A train leaves at noon and drives 60 km an hour. How far is it at 4 pm?")
    mathdial = write(tmp_path / "m.jsonl", dialogue(), other)
    one, *others = read_labels([tmp_path / "a.json", mathdial])
    assert {each.problem for each in others[:3]} == {one.problem} and others[3].problem != one.problem


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (7, "dialogue 2: has not the texts"),
        ({"question": "a"}, "dialogue 2: has not the texts question, ground_truth"),
        (dialogue(conversation=None), "dialogue 2: has not the texts"),
        (dialogue("Teacher: (scolding)No!"), "dialogue 2, turn 1: the teacher's move is 'scolding'; it is one of tell"),
        (dialogue("Teacher: (focus)A?", "Ann: B", "Teacher: No."), "dialogue 2, turn 3: the teacher's move is missing"),
        (dialogue("Teacher: (focus)A?", "I do not know"), "dialogue 2, turn 2: does not begin with its speaker's name"),
        (dialogue(""), "dialogue 2, turn 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, row: Any, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        list(read_file(write(tmp_path / "m.jsonl", dialogue(), row)))
    assert "m.jsonl" in str(caught.value) and "\n" not in str(caught.value)


def test_a_broken_line_is_refused_with_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "m.jsonl", dialogue())
    path.write_text(path.read_text() + '{"qid": 8, "ques')
    with pytest.raises(UserError, match=r"m\.jsonl:2: not JSON"):
        read_labels([path])
