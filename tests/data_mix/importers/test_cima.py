"""Exercises of one record become rows that begin with the student and end with a tutor's reply."""

from typing import Any

import pytest

from data_mix.importers import convert
from data_mix.reading.record import BadRecord

EXERCISE = {
    "past_convo": ["Please fill in the blank. ", "What is box?", '"box" is "scatola"', "il gatto e la scatola?"],
    "img": "x.png",
    "prep": "e sopra la",
    "engPrep": "is on top of the",
    "obj": "scatola",
    "engObj": "box",
    "color": "gialla",
    "engColor": "yellow",
    "grammarRules": "[]",
    "tutorResponses": ["Almost! Where does the color stand?", "Not quite."],
    "tutorActions": [[True, False, True, False, False], [False, False, True, False, False]],
}
SHORT = {"past_convo": ["Start.", "Ciao?"], "tutorResponses": ["Right."], "tutorActions": [[False, False, False, True]]}


def test_one_record_gives_a_row_for_each_exercise() -> None:
    record = {"prepDataset": {"0": EXERCISE, "7": SHORT}, "shapeDataset": {"0": SHORT}}
    shape, rows = convert([record], "auto")
    assert shape == "cima"
    assert [len(row.messages) for row in rows] == [5, 3, 3]
    assert rows[1] == rows[2]


def test_the_system_message_holds_the_exercise_and_the_tutors_first_turn() -> None:
    [row] = convert([EXERCISE], "auto")[1]
    assert row.messages == [
        {
            "role": "system",
            "content": 'The student learns Italian and is to say: "is on top of the yellow box". '
            'In Italian "is on top of the" is "e sopra la", "yellow" is "gialla", "box" is "scatola".\n\n'
            "Please fill in the blank.",
        },
        {"role": "user", "content": "What is box?"},
        {"role": "assistant", "content": '"box" is "scatola"'},
        {"role": "user", "content": "il gatto e la scatola?"},
        {"role": "assistant", "content": "Almost! Where does the color stand?"},
    ]
    assert row.meta == {
        "language": "en",
        "languages": ["en", "it"],
        "topic": "Italian",
        "strategy": ["question", "correction"],
    }


def test_without_all_words_the_tutors_first_turn_stands_alone() -> None:
    for exercise in (SHORT, {key: value for key, value in EXERCISE.items() if key != "color"}, EXERCISE | {"obj": 1}):
        [row] = convert([exercise], "auto")[1]
        assert row.messages[0] == {"role": "system", "content": exercise["past_convo"][0].strip()}


@pytest.mark.parametrize("actions", [None, [], [None], [[]], [[1, "yes"]], {}])
def test_a_strategy_that_is_not_told_is_left_out(actions: Any) -> None:
    assert "strategy" not in convert([EXERCISE | {"tutorActions": actions}], "auto")[1][0].meta


@pytest.mark.parametrize(
    "change",
    [
        {"past_convo": ["Only the tutor."]},
        {"past_convo": ["Tutor.", "Student.", "Tutor."]},
        {"past_convo": ["Tutor.", " "]},
        {"past_convo": ["Tutor.", None]},
        {"past_convo": {}},
        {"tutorResponses": []},
        {"tutorResponses": [None]},
        {"tutorResponses": "Yes."},
    ],
)
def test_a_malformed_exercise_is_refused_by_its_number(change: dict[str, Any]) -> None:
    with pytest.raises(BadRecord, match="prepDataset, exercise '12': ") as found:
        convert([{"prepDataset": {"0": EXERCISE, "12": EXERCISE | change}}], "auto")
    assert found.value.reason == "bad_messages"


@pytest.mark.parametrize("record", [{"prepDataset": []}, {"prepDataset": {}}, {"prepDataset": {"0": 3}}, {}])
def test_a_malformed_corpus_is_refused(record: Any) -> None:
    with pytest.raises(BadRecord):
        convert([record], "cima")
