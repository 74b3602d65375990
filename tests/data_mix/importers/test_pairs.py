"""Sentences and their translations become questions and answers, in a direction that the texts decide."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.importers import IMPORTERS, convert, detect
from data_mix.reading.record import BadRecord

DIRECTED = {"source": "El gato duerme.", "target": "The cat sleeps.", "source_language": "es", "target_language": "eng"}
FIXTURES = {
    "mathdial": [
        {"question": "1+1?", "student_incorrect_solution": "3", "conversation": "Teacher: Why?", "answer": "2"}
    ],
    "cima": [
        {"prepDataset": {}, "shapeDataset": {}},
        {"past_convo": [], "tutorResponses": [], "text": "so", "question": "q", "answer": "a"},
    ],
    "bridge": [{"c_h": [], "c_r": [], "c_r_": [], "e": "guess"}],
    "toefl11": [{"file": "1.txt", "text": "A.", "misspellings": [], "l1": "ARA", "prompt": "P1", "level": "low"}],
    "pairs": [
        {"source": "a", "target": "b"},
        {"translation": {"es": "a", "en": "b"}, "id": "0"},
        {"left": "a", "right": "b", "left_language": "es", "right_language": "en"},
    ],
    "text": [{"text": "A.", "source": "a", "target": "b"}, {"text": "A.", "misspellings": []}],
    "sharegpt": [{"conversation": [{"from": "human", "value": "Hi"}], "source": "a", "target": "b"}],
    "question_answer": [{"question": "q", "answer": "a", "source": "web"}],
}


@pytest.mark.parametrize(("name", "record"), [(name, record) for name in FIXTURES for record in FIXTURES[name]])
def test_a_shape_is_told_from_all_others(name: str, record: dict[str, Any]) -> None:
    assert detect(record) == name
    assert IMPORTERS[name].name == name


def test_a_source_is_translated_into_its_target() -> None:
    for text in map(str, range(20)):
        shape, [row] = convert([DIRECTED | {"source": f" {text} {{}}\n"}], "auto")
        assert shape == "pairs"
        phrase, asked = row.messages[0]["content"].split("\n")
        assert "English" in phrase and asked == f"{text} {{}}"
        assert row.messages[1] == {"role": "assistant", "content": "The cat sleeps."}
        assert row.meta == {"language": "en", "languages": ["es", "en"]}


@pytest.mark.parametrize("shape", ["translation", "lines"])
def test_without_a_direction_both_languages_are_answered_in(shape: str) -> None:
    answers, phrases = set(), set()
    for number in range(60):
        record: dict[str, Any] = {"translation": {"es": f"{number} gatos", "en": f"{number} cats"}}
        if shape == "lines":
            left, right = record["translation"].values()
            record = {"left": left, "right": right, "left_language": "spa_Latn", "right_language": "English"}
        [row] = convert([record], "auto")[1]
        assert [row] == convert([record], "pairs")[1]
        phrase, asked = row.messages[0]["content"].split("\n")
        cats = {"en": f"{number} cats", "es": f"{number} gatos"}
        first, second = row.meta["languages"]
        assert (asked, row.messages[1]["content"]) == (cats[first], cats[second])
        assert second == row.meta["language"]
        assert {"en": "English", "es": "Spanish"}[second] in phrase
        answers.add(second)
        phrases.add(phrase)
    assert answers == {"en", "es"}
    assert len(phrases) == 8


@pytest.mark.parametrize("label", [None, "", "und", 7, ["es"], "tlh", "x" * 10_000])
def test_a_language_without_a_name_is_not_named(label: Any) -> None:
    [row] = convert([DIRECTED | {"target_language": label}], "auto")[1]
    assert row.messages[0]["content"] == "Translate:\nEl gato duerme."
    assert row.meta == ({"language": "tlh", "languages": ["es", "tlh"]} if label == "tlh" else {})


def test_the_question_needs_no_language() -> None:
    [row] = convert([DIRECTED | {"source_language": None}], "auto")[1]
    assert "English" in row.messages[0]["content"]
    assert row.meta == {"language": "en"}


@pytest.mark.parametrize(
    "record",
    [
        {"source": "a", "target": " "},
        {"source": "a", "target": None},
        {"source": "a"},
        {"left": None, "right": "b"},
        {"left": "a"},
        {"translation": {"en": "a"}},
        {"translation": {"en": "a", "es": "b", "de": "c"}},
        {"translation": {"en": "a", "es": None}},
        {"translation": {"en": "a", "es": ""}},
        {"translation": {"en": "a", 3: "b", "x": 1}},
        {"translation": ["a", "b"]},
        {"translation": "a"},
        {"source": "a\ud800", "target": "b"},
        {},
    ],
)
def test_what_is_malformed_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        convert([record], "pairs")


@given(st.text(), st.text(), st.text() | st.none())
def test_any_texts_make_a_row_or_are_refused(source: str, target: str, language: str | None) -> None:
    try:
        [row] = convert([{"source": source, "target": target, "target_language": language}], "pairs")[1]
    except BadRecord:
        assert not source.strip() or not target.strip() or "\0" in source + target
    else:
        assert row.messages[0]["content"].endswith(source.strip())
        assert row.messages[1]["content"] == target.strip()
