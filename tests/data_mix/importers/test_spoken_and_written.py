"""Transcripts of speech, and learners' essays with their corrections."""

from typing import Any

import pytest

from data_mix.importers import convert
from data_mix.reading.record import BadRecord

ESSAY: dict[str, Any] = {
    "": 0,
    "id": 7,
    "prompt": "famous",
    "course": "SPA 2",
    "age": 19,
    "l1 language": "English",
    "essay": "La mapa es grande.",
    "verbs annotation ann1": "[La]{El}<ga> mapa",
    "corrected1": "El mapa es grande.",
    "corrected2": "El mapa es muy grande.",
}


def test_what_was_said_is_a_text_in_its_language() -> None:
    spoken = {"transcription": " 然后 I said no ", "language": "mixed", "topic": "sports", "audio": {"bytes": None}}
    name, [row] = convert([spoken], "auto")
    assert (name, row.messages) == ("transcript", [{"role": "text", "content": "然后 I said no"}])
    assert (row.meta, row.unread) == ({"topic": "sports"}, frozenset())
    assert convert([spoken | {"language": "swa"}], "auto")[1][0].meta["language"] == "sw"


def test_an_essay_is_answered_by_its_correction_and_by_nothing_about_its_writer() -> None:
    name, [row] = convert([ESSAY], "auto")
    assert name == "cowsl2h"
    assert [message["role"] for message in row.messages] == ["system", "user", "assistant"]
    assert [message["content"] for message in row.messages[1:]] == ["La mapa es grande.", "El mapa es grande."]
    assert row.meta == {"language": "es", "l1": "en", "learner_kind": "l2", "prompt": "famous", "course": "SPA 2"}
    assert "age" not in row.unread and "19" not in str(row.messages)


@pytest.mark.parametrize("course", ["SPA 31", "SPA33", "SPA 32"])
def test_heritage_speakers_are_told_by_their_course(course: str) -> None:
    [row] = convert([ESSAY | {"course": course}], "auto")[1]
    assert row.meta["learner_kind"] == "heritage" and "grew up with Spanish" in row.messages[0]["content"]


def test_the_second_correction_stands_in_for_the_first_and_an_essay_without_is_a_text() -> None:
    [row] = convert([ESSAY | {"corrected1": ""}], "auto")[1]
    assert row.messages[-1]["content"] == "El mapa es muy grande."
    [row] = convert([ESSAY | {"corrected1": None, "corrected2": " "}], "auto")[1]
    assert row.messages == [{"role": "text", "content": "La mapa es grande."}]
    assert convert([ESSAY | {"course": "SPA 310"}], "auto")[1][0].meta["learner_kind"] == "l2"


@pytest.mark.parametrize("record", [ESSAY | {"essay": " "}, ESSAY | {"essay": 3}, {"transcription": ""}])
def test_what_holds_no_words_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        convert([record], "auto")
