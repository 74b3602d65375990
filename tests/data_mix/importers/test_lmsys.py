"""LMSYS-Chat-1M: conversations with a verdict on each message."""

from typing import Any

import pytest

from data_mix.importers import convert, detect
from data_mix.reading.record import BadRecord

ASK = {"role": "user", "content": "I go yesterday."}
REPLY = {"role": "assistant", "content": "You went? Where?"}


def verdict(*categories: str, flagged: bool | None = None) -> dict[str, Any]:
    """A moderation that flags these categories, of the four it has."""
    known = ("hate", "self-harm", "sexual", "violence/graphic")
    return {
        "flagged": bool(categories) if flagged is None else flagged,
        "categories": {name: name in categories for name in known},
        "category_scores": dict.fromkeys(known, 0.5),
    }


def record(**more: Any) -> dict[str, Any]:
    return {
        "conversation_id": "c0",
        "model": "parrot-7b",
        "conversation": [{"content": said["content"], "role": said["role"]} for said in (ASK, REPLY)],
        "turn": 1,
        "language": "English",
        "openai_moderation": [verdict(), verdict()],
        "redacted": False,
    } | more


def meta(**more: Any) -> dict[str, Any]:
    return convert([record(**more)], "auto")[1][0].meta


def test_a_conversation_with_its_model_and_language() -> None:
    name, [row] = convert([record()], "auto")
    assert (name, row.messages) == ("lmsys", [ASK, REPLY])
    assert row.meta == {"language": "en", "model": "parrot-7b"}


def test_a_language_without_a_code_keeps_its_label() -> None:
    assert meta(language="Portuguese")["language"] == "pt"
    assert meta(language="Klingonish")["language"] == "Klingonish"
    assert "language" not in meta(language=None) and "language" not in meta(language={"en": 1})


def test_flagged_categories_of_all_messages_are_gathered() -> None:
    found = meta(
        openai_moderation=[verdict("violence/graphic", "hate"), verdict("self-harm", "hate", "sexual"), verdict()]
    )
    assert found["moderation"] == ["hate", "self-harm", "sexual", "violence/graphic"]
    assert meta(openai_moderation=[verdict(flagged=True)])["moderation"] == ["flagged"]
    assert meta(openai_moderation=[verdict("hate", flagged=False)])["moderation"] == ["hate"]
    assert "moderation" not in meta(openai_moderation=None) and "moderation" not in meta(openai_moderation=[])


def test_redacted_is_said_only_where_it_is_so() -> None:
    assert meta(redacted=True)["redacted"] is True
    assert "redacted" not in meta(redacted=None)


def test_roles_tell_it_from_sharegpt() -> None:
    assert detect(record()) == "lmsys"
    assert detect({"conversation": record()["conversation"]}) == "messages"
    assert detect(record(conversation=[{"from": "human", "value": "x"}])) == "sharegpt"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"conversation": [ASK]}, "no_assistant_turn"),
        ({"conversation": [ASK, {"role": "barista", "content": "x"}]}, "bad_messages"),
        ({"conversation": [ASK, {"role": "text", "content": "x"}]}, "bad_messages"),
        ({"conversation": [ASK, {"role": "assistant", "content": ""}]}, "bad_messages"),
        ({"conversation": [ASK, {"role": "assistant"}]}, "bad_messages"),
        ({"redacted": "no"}, "bad_labels"),
        ({"openai_moderation": {"flagged": True}}, "bad_labels"),
        ({"openai_moderation": [None]}, "bad_labels"),
        ({"openai_moderation": [{"flagged": True}]}, "bad_labels"),
        ({"openai_moderation": [verdict() | {"flagged": "yes"}]}, "bad_labels"),
        (
            {"openai_moderation": [{"flagged": True, "categories": dict.fromkeys(map(str, range(99)), True)}]},
            "bad_labels",
        ),
    ],
)
def test_what_cannot_be_used_has_a_reason(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record(**wrong)], "auto")
    assert caught.value.reason == reason and caught.value.detail


def test_names_of_categories_that_are_no_labels_are_not_kept() -> None:
    odd = {"flagged": True, "categories": {"x" * 1000: True, "\udc80": True, "": True, "hate": True}}
    assert meta(openai_moderation=[odd])["moderation"] == ["hate"]
