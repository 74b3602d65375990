"""What pupil and tutor said, and the expert's reply in place of the novice's."""

from typing import Any

import pytest

from data_mix.importers import convert
from data_mix.reading.record import BadRecord


def said(*turns: str) -> list[dict[str, Any]]:
    who = {"T": "tutor", "S": "student"}
    return [{"id": at, "user": who[turn[0]], "text": turn[2:], "time": "1:00"} for at, turn in enumerate(turns)]


RECORD = {
    "c_id": "1_2",
    "lesson_topic": "3.6D.Halves and Quarters",
    "c_h": said("T Hello.", "T What is a half of 6?", "S 2 ", "S or 4", "T Half of 6?", "S 4"),
    "c_r": said("T That is wrong."),
    "c_r_": said("T Good try!", "T Can you share 6 nuts between two of you?"),
    "c_revision": said("T Good try!", "S 3"),
    "e": "guess",
    "z_what": "ask_question",
    "z_why": "hint_mistake",
}


def test_the_row_ends_with_the_experts_reply() -> None:
    shape, [row] = convert([RECORD], "auto")
    assert shape == "bridge"
    assert row.messages == [
        {
            "role": "system",
            "content": "The lesson: Halves and Quarters\n\nThe tutor has just said:\nHello.\nWhat is a half of 6?",
        },
        {"role": "user", "content": "2\nor 4"},
        {"role": "assistant", "content": "Half of 6?"},
        {"role": "user", "content": "4"},
        {"role": "assistant", "content": "Good try!\nCan you share 6 nuts between two of you?"},
    ]
    assert row.meta == {
        "language": "en",
        "topic": "3.6D.Halves and Quarters",
        "error": "guess",
        "strategy": "ask_question",
        "intention": "hint_mistake",
    }


def test_the_system_message_holds_what_there_is() -> None:
    [row] = convert([RECORD | {"c_h": said("S 4")}], "auto")[1]
    assert row.messages[0]["content"] == "The lesson: Halves and Quarters"
    [row] = convert([RECORD | {"c_h": said("S 4"), "lesson_topic": None}], "auto")[1]
    assert [message["role"] for message in row.messages] == ["user", "assistant"]
    [row] = convert([RECORD | {"c_h": said("T 3 and 3?", "S 4"), "lesson_topic": " "}], "auto")[1]
    assert row.messages[0]["content"] == "The tutor has just said:\n3 and 3?"


def test_a_drawing_is_no_turn() -> None:
    [row] = convert([RECORD | {"c_h": said("T Draw it.", "S ", "T Well?", "S 4", "S ")}], "auto")[1]
    assert row.messages[0]["content"].endswith("said:\nDraw it.\nWell?")
    assert [message["content"] for message in row.messages[1:-1]] == ["4"]


@pytest.mark.parametrize(
    "change",
    [
        {"c_h": []},
        {"c_h": said("S 4", "T No.")},
        {"c_h": said("T Draw it.", "S ")},
        {"c_h": [{"user": "parent", "text": "4"}]},
        {"c_h": [{"user": ["student"], "text": "4"}]},
        {"c_h": [{"user": "student"}]},
        {"c_h": [{"user": "student", "text": None}]},
        {"c_h": "4"},
        {"c_r_": []},
        {"c_r_": said("T ")},
        {"c_r_": said("T Good.", "S 3")},
        {"c_r_": 3},
    ],
)
def test_what_is_malformed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRecord) as found:
        convert([RECORD | change], "bridge")
    assert found.value.reason == "bad_messages"


def test_labels_that_are_no_labels_are_left_out() -> None:
    change = {"e": 3, "z_what": "a\nb", "z_why": "x" * 999, "lesson_topic": []}
    assert convert([RECORD | change], "auto")[1][0].meta == {"language": "en"}
