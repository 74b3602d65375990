"""Lists of messages, and ShareGPT's conversations."""

from typing import Any

import pytest

from data_mix.importers import convert, detect
from data_mix.reading.record import BadRecord

ASK = {"role": "user", "content": "I go yesterday."}
REPLY = {"role": "assistant", "content": "You went? Where?"}
HUMAN = {"from": "human", "value": "I go yesterday."}
GPT = {"from": "gpt", "value": "You went? Where?"}


def test_messages_lose_only_what_is_not_role_and_content() -> None:
    said = [{"role": "system", "content": ""}, ASK | {"name": "x"}, REPLY]
    name, [row] = convert([{"messages": said, "meta": {"level": "A1"}}], "auto")
    assert (name, row.messages, row.meta) == ("messages", [ASK, REPLY], {"level": "A1"})


@pytest.mark.parametrize("nothing", ["", " \n", None])
def test_an_empty_system_message_says_nothing(nothing: str | None) -> None:
    said = [{"role": "system", "content": nothing}, ASK, REPLY]
    assert convert([{"messages": said}], "auto")[1][0].messages == [ASK, REPLY]
    assert convert([{"messages": [{"role": "system", "content": "Be kind."}, *said[1:]]}], "auto")[1][0].messages[
        0
    ] == {
        "role": "system",
        "content": "Be kind.",
    }


def test_meta_stays_as_it_is() -> None:
    meta = {"error": "tense", "strategy": ["recast"], "weight": 0.5, "of": {"unit": 3}, "none": None}
    assert convert([{"messages": [ASK, REPLY], "meta": meta}], "auto")[1][0].meta == meta
    others: list[Any] = [{}, None, "x", 3]
    for other in others:
        assert convert([{"messages": [ASK, REPLY], "meta": other}], "auto")[1][0].meta == {}


@pytest.mark.parametrize("key", ["conversations", "conversation"])
def test_sharegpt_names_its_speakers_otherwise(key: str) -> None:
    name, [row] = convert([{key: [HUMAN, GPT]}], "auto")
    assert (name, row.messages, row.meta) == ("sharegpt", [ASK, REPLY], {})
    others = [{"from": "user", "value": "I go yesterday."}, {"from": "chatgpt", "value": "You went? Where?"}]
    assert convert([{key: others}], "auto")[1][0].messages == [ASK, REPLY]


def test_sharegpts_system_prompt_may_stand_beside_the_conversation() -> None:
    record: dict[str, Any] = {"conversations": [HUMAN, GPT], "system": "Be kind."}
    kind = {"role": "system", "content": "Be kind."}
    assert convert([record], "auto")[1][0].messages == [kind, ASK, REPLY]
    assert convert([record | {"system": " "}], "auto")[1][0].messages == [ASK, REPLY]
    own = {"conversations": [{"from": "system", "value": "Be brief."}, HUMAN, GPT], "system": "Be kind."}
    assert convert([own], "auto")[1][0].messages[0]["content"] == "Be brief."


def test_messages_go_before_all_else() -> None:
    assert detect({"messages": [ASK, REPLY], "text": "x", "instruction": "x", "output": "y"}) == "messages"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"messages": [ASK]}, "no_assistant_turn"),
        ({"messages": []}, "bad_messages"),
        ({"messages": "hello"}, "bad_messages"),
        ({"messages": ["hello"]}, "bad_messages"),
        ({"messages": [{"role": "user"}]}, "bad_messages"),
        ({"messages": [ASK, {"role": "barista", "content": "x"}]}, "bad_messages"),
        ({"messages": [ASK, {"role": ["assistant"], "content": "x"}]}, "bad_messages"),
        ({"messages": [ASK, {"role": 10**5000, "content": "x"}]}, "bad_messages"),
        ({"messages": [ASK, {"role": "assistant", "content": None}]}, "bad_messages"),
        ({"messages": [ASK, {"role": "assistant", "content": " "}]}, "bad_messages"),
        ({"messages": [ASK, {"role": "assistant", "content": "a\0b"}]}, "bad_messages"),
        ({"messages": [ASK, {"role": "assistant", "content": "\udc80"}]}, "bad_messages"),
        ({"messages": [{"role": "text", "content": "x"}, REPLY]}, "bad_messages"),
        ({"messages": [ASK, REPLY], "meta": {"at": object()}}, "bad_meta"),
        ({"messages": [ASK, REPLY], "meta": {"at": float("nan")}}, "bad_meta"),
        ({"conversations": [HUMAN]}, "no_assistant_turn"),
        ({"conversations": [HUMAN, GPT, {"from": "barista", "value": "x"}]}, "bad_messages"),
        ({"conversations": [HUMAN, {"from": {"gpt": 1}, "value": "x"}]}, "bad_messages"),
        ({"conversations": [HUMAN, {"from": "gpt"}]}, "bad_messages"),
        ({"conversations": [HUMAN, {"from": "gpt", "value": [3]}]}, "bad_messages"),
        ({"conversations": []}, "bad_messages"),
    ],
)
def test_what_cannot_be_used_has_a_reason(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record], "auto")
    assert caught.value.reason == reason and caught.value.detail.isprintable()


def test_a_reason_does_not_repeat_a_long_role() -> None:
    with pytest.raises(BadRecord) as caught:
        convert([{"messages": [{"role": "\udc80" + "x" * 10**6, "content": "x"}]}], "auto")
    assert len(caught.value.detail) < 200 and caught.value.detail.isprintable()


def test_meta_nested_to_the_limit_is_refused_before_a_row_is_written() -> None:
    deep: Any = "x"
    for _ in range(950):
        deep = [deep]
    with pytest.raises(BadRecord) as caught:
        convert([{"messages": [ASK, REPLY], "meta": {"deep": deep}}], "auto")
    assert caught.value.reason == "bad_meta"
