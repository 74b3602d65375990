"""Teachers' labels: both shapes of file, one reply in two files, problems, and files that are none."""

import json
from pathlib import Path
from typing import Any

import pytest

from data_mix.importers.mrbench import problem_text
from espalier.errors import UserError
from evaluation.judges.labels import read_labels, same_problem

ASKED = "Tutor: Could you solve the question below? The question is: {} \n Student: I think it is 12."
APPLES = "Ann buys 3 bags of 4 apples and eats 2 of them. How many are left?"
TRAINS = "A train leaves at noon and drives 60 km an hour. How far is it at 4 pm?"


def shared_task(name: str, history: str, **replies: tuple[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "conversation_id": name,
        "conversation_history": history,
        "tutor_responses": {
            tutor: {"response": text, "annotation": labels} for tutor, (text, labels) in replies.items()
        },
    }


def benchmark(name: str, history: str, solution: str, **replies: tuple[str, dict[str, str]]) -> dict[str, Any]:
    row = shared_task(name, history, **replies)
    return {
        "conversation_id": name,
        "conversation_history": history,
        "Ground_Truth_Solution": solution,
        "anno_llm_responses": row["tutor_responses"],
    }


def write(path: Path, rows: Any) -> Path:
    path.write_text(json.dumps(rows))
    return path


def test_both_shapes_are_read_by_what_is_in_them(tmp_path):
    one = write(
        tmp_path / "a.json", [shared_task("d1", ASKED.format(APPLES), Expert=("Read again.", {"Actionability": "Yes"}))]
    )
    two = write(
        tmp_path / "b.json",
        [
            benchmark(
                "d2",
                ASKED.format(TRAINS),
                "4 x 60 = 240",
                GPT4=(
                    "It is 240.",
                    {"Revealing_of_the_Answer": "Yes (and the answer is correct)", "humanlikeness": "To some extent"},
                ),
            )
        ],
    )
    first, second = read_labels([one, two])
    assert (first.dialogue, first.tutor, first.reply, first.answer) == ("d1", "Expert", "Read again.", "")
    assert first.labels == {"actionability": "Yes"}
    assert second.labels == {"revealing_of_the_answer": "Yes", "humanlikeness": "To some extent"}
    assert second.answer == "4 x 60 = 240"
    assert [m["role"] for m in first.messages] == ["assistant", "user"]
    assert first.messages[-1]["content"] == "I think it is 12."


def test_an_answer_that_is_not_available_is_empty(tmp_path):
    file = write(tmp_path / "b.json", [benchmark("d", ASKED.format(APPLES), "Not Available", A=("Hm.", {}))])
    assert read_labels([file])[0].answer == ""


def test_turns_of_one_speaker_are_joined_and_odd_spaces_are_spaces(tmp_path):
    history = "Tutor: Look.\xa0\n\xa0Tutor: What is 3\xa0x 3?\xa0\n\xa0Student: 9\nno, 6"
    (reply,) = read_labels([write(tmp_path / "a.json", [shared_task("d", history, A=("Hm.\xa0Again.", {}))])])
    assert reply.messages == [
        {"role": "assistant", "content": "Look.\nWhat is 3 x 3?"},
        {"role": "user", "content": "9\nno, 6"},
    ]
    assert reply.reply == "Hm. Again."


def test_the_last_turn_is_the_learners_whoever_the_file_says_spoke(tmp_path):
    history = "Tutor: What is 3 x 3? \n Student: 6 \n Turor: Sorry, I added them."
    (reply,) = read_labels([write(tmp_path / "a.json", [shared_task("d", history, A=("Hm.", {}))])])
    assert [m["role"] for m in reply.messages] == ["assistant", "user"]
    assert reply.messages[-1]["content"] == "6\nSorry, I added them."


def test_the_files_slip_for_tutor_is_the_tutor(tmp_path):
    history = "Turor: What is 3 x 3? \n Student: 6"
    (reply,) = read_labels([write(tmp_path / "a.json", [shared_task("d", history, A=("Hm.", {}))])])
    assert [m["role"] for m in reply.messages] == ["assistant", "user"]


def test_a_reply_in_two_files_is_one_with_the_labels_of_both_and_the_first_verdict_stands(tmp_path, capsys):
    history = ASKED.format(APPLES)
    one = write(tmp_path / "a.json", [shared_task("d_1", history, A=("Think  again.", {"Actionability": "Yes"}))])
    two = write(
        tmp_path / "b.json",
        [
            benchmark(
                "d", history.replace(" ", "\xa0"), "10", A=("Think again.", {"Actionability": "No", "Coherence": "Yes"})
            )
        ],
    )
    (reply,) = read_labels([one, two])
    assert reply.dialogue == "d_1" and reply.answer == "10"
    assert reply.labels == {"actionability": "Yes", "coherence": "Yes"}
    assert "1 verdicts differ" in capsys.readouterr().out


def test_different_replies_of_a_tutor_to_one_dialogue_are_two(tmp_path):
    history = ASKED.format(APPLES)
    rows = [shared_task("d_1", history, A=("One.", {})), shared_task("d_2", history, A=("Two.", {}))]
    found = read_labels([write(tmp_path / "a.json", rows)])
    assert [each.reply for each in found] == ["One.", "Two."]
    assert len({each.dialogue for each in found}) == 1


def test_dialogues_about_one_statement_share_a_problem_and_others_do_not(tmp_path):
    rows = [
        shared_task("a", ASKED.format(APPLES), A=("Hm.", {})),
        shared_task("b", ASKED.format(TRAINS), A=("Hm.", {})),
        shared_task("c", ASKED.format(APPLES).replace("I think it is 12.", "Is it 9, or what?"), A=("Hm.", {})),
    ]
    a, b, c = read_labels([write(tmp_path / "a.json", rows)])
    assert a.problem == c.problem == "a" and b.problem == "b"


def test_without_a_statement_what_was_said_tells(tmp_path):
    opening = "Tutor: We want to share the sweets fairly among all. \n Tutor: What is 12 divided by 4? \n Student: {}"
    other = "Tutor: Draw a line of symmetry. \n Student: done"
    rows = [
        shared_task(name, text, A=("Hm.", {}))
        for name, text in (("a", opening.format("8")), ("b", other), ("c", opening.format("it is 16")))
    ]
    a, b, c = read_labels([write(tmp_path / "a.json", rows)])
    assert a.problem == c.problem != b.problem


def test_likeness_is_handed_on(tmp_path):
    words = [f"w{number}" for number in range(40)]
    texts = [" ".join(words[start : start + 20]) for start in (0, 8, 16)]
    histories = [f"Student: {text}" for text in texts]
    first, _, last = ([{"role": "user", "content": text}] for text in texts)
    assert not same_problem(first, last)
    found = read_labels(
        [write(tmp_path / "a.json", [shared_task(str(n), h, A=("Hm.", {})) for n, h in enumerate(histories)])]
    )
    assert len({each.problem for each in found}) == 1


def test_empty_conversations_are_no_problem_in_common():
    assert not same_problem([{"role": "user", "content": ""}], [{"role": "user", "content": "Hello there"}])
    assert problem_text([{"role": "user", "content": "The Question is:  Why? "}]) == "Why?"


GOOD = shared_task("d", ASKED.format(APPLES), A=("Hm.", {"Actionability": "Yes"}))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("text", "no list of dialogues"),
        ([], "no labelled replies"),
        ([1], r"dialogue 1 \(1\): has neither"),
        ([GOOD, {**GOOD, "tutor_responses": []}], r"dialogue 2 \(d\): has neither"),
        ([{**GOOD, "conversation_history": None}], "no text under conversation_history"),
        ([{**GOOD, "conversation_history": "Hello"}], "does not begin with 'Tutor:'"),
        (
            [{**GOOD, "tutor_responses": {"A": {"annotation": {}}}}],
            r"dialogue 1 \(d\): tutor A: no text under response",
        ),
        ([{**GOOD, "tutor_responses": {"A": {"response": "Hm."}}}], "no labels under annotation"),
        ([shared_task("d", "Student: 1", A=("Hm.", {"Charm": "Yes"}))], "unknown dimension 'Charm'"),
        (
            [shared_task("d", "Student: 1", A=("Hm.", {"Actionability": "Maybe"}))],
            "is 'Maybe'; it is one of No, To some",
        ),
    ],
)
def test_what_is_no_label_file_is_said_with_its_place(tmp_path, rows, said):
    file = write(tmp_path / "bad.json", rows)
    with pytest.raises(UserError, match=said) as caught:
        read_labels([file])
    assert "bad.json" in str(caught.value)


def test_a_file_that_is_missing_or_no_json(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_labels([tmp_path / "none.json"])
    (tmp_path / "half.json").write_text('[{"conversation_id": ')
    with pytest.raises(UserError, match="not JSON"):
        read_labels([tmp_path / "half.json"])
