"""Plain text, and what is no record at all."""

from typing import Any

import pytest

from data_mix.importers import convert, detect
from data_mix.reading.record import BadRecord

ASK = {"role": "user", "content": "I go yesterday."}
REPLY = {"role": "assistant", "content": "You went? Where?"}


def test_text_has_no_chat_roles() -> None:
    for record in ({"text": "Basil reads."}, "Basil reads."):
        name, [row] = convert([record], "auto")
        assert (name, row.messages, row.meta) == ("text", [{"role": "text", "content": "Basil reads."}], {})
    assert convert([{"text": "x", "meta": {"level": "A1"}}], "auto")[1][0].meta == {"level": "A1"}


def test_a_format_can_be_forced() -> None:
    both = {"messages": [ASK, REPLY], "text": "the same as text"}
    assert detect(both) == "messages"
    name, [row] = convert([both], "text")
    assert (name, row.messages) == ("text", [{"role": "text", "content": "the same as text"}])


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([ASK, REPLY], "not_object"),
        (7, "not_object"),
        (None, "not_object"),
        ({}, "unknown_shape"),
        ({"heading": "x", "body": "y"}, "unknown_shape"),
        ({"text": None}, "unknown_shape"),
        ({"text": " "}, "bad_messages"),
        ("", "bad_messages"),
        ("\udc80", "bad_messages"),
        ({"text": "x", "meta": {"at": object()}}, "bad_meta"),
        ({"text": "x", "meta": {"at": float("nan")}}, "bad_meta"),
        ({"text": "x", "meta": {"at": 10**5000}}, "bad_meta"),
    ],
)
def test_what_cannot_be_used_has_a_reason(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record], "auto")
    assert caught.value.reason == reason and caught.value.detail


def test_an_unknown_shape_is_told_by_its_keys() -> None:
    with pytest.raises(
        BadRecord, match=r"its keys: heading, body\); known are hh, rated, preference, lmsys, "
    ) as caught:
        detect({"heading": "x", "body": "y"})
    assert "text" in caught.value.detail
    with pytest.raises(BadRecord) as caught:
        detect({"\udc80\0" + "x" * 10**6: 1} | {str(number): 1 for number in range(1000)})
    assert len(caught.value.detail) < 500 and caught.value.detail.isprintable()
