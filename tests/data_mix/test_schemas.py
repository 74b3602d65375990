"""Known shapes become messages; everything else is refused with a reason, whatever junk it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.schemas import CONVERTERS, convert, detect
from data_mix.sources import BadRecord
from espalier.rows import Row

ASK = {"role": "user", "content": "I go yesterday."}
REPLY = {"role": "assistant", "content": "You went? Where?"}


def tree(text: str, role: str = "prompter", replies: Any = (), **more: Any) -> dict[str, Any]:
    return {"text": text, "role": role, "replies": list(replies), **more}


def test_messages_lose_only_what_is_not_role_and_content() -> None:
    said = [{"role": "system", "content": ""}, ASK | {"name": "x"}, REPLY]
    assert convert({"messages": said, "meta": {"level": "A1"}}) == ("messages", [ASK, REPLY], {"level": "A1"})


@pytest.mark.parametrize("key", ["output", "response"])
def test_alpaca_puts_the_input_below_the_instruction(key: str) -> None:
    record = {"instruction": "Translate.", "input": "gato", key: "cat"}
    assert convert(record)[:2] == (
        "alpaca",
        [{"role": "user", "content": "Translate.\n\ngato"}, {"role": "assistant", "content": "cat"}],
    )
    assert convert(record | {"input": " "})[1][0]["content"] == "Translate."


def test_the_best_ranked_chain_of_a_tree_is_followed_to_its_last_answer() -> None:
    root = tree("Q", replies=[
        tree("worse", "assistant", rank=1),
        tree("best", "assistant", rank=0, replies=[
            tree("nobody answered", rank=None),
            tree("more?", replies=[
                tree("deleted", "assistant", rank=0, deleted=True),
                tree("rejected", "assistant", rank=1, review_result=False),
                tree("unranked", "assistant"),
                tree("more", "assistant", rank=2, replies=[tree("thanks")]),
            ]),
        ]),
    ])  # fmt: skip
    for record in ({"message_tree_id": "t", "prompt": root}, root):
        shape, messages, _ = convert(record)
        assert shape == "oasst"
        assert [message["content"] for message in messages] == ["Q", "best", "more?", "more"]
        assert [message["role"] for message in messages] == ["user", "assistant"] * 2


def test_text_has_no_chat_roles() -> None:
    for record in ({"text": "Basil reads."}, "Basil reads."):
        assert convert(record) == ("text", [{"role": "text", "content": "Basil reads."}], {})


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([ASK, REPLY], "not_object"),
        (7, "not_object"),
        ({}, "unknown_shape"),
        ({"question": "x", "answer": "y"}, "unknown_shape"),
        ({"messages": [ASK]}, "no_assistant_turn"),
        ({"messages": []}, "bad_messages"),
        ({"messages": "hello"}, "bad_messages"),
        ({"messages": [ASK, {"role": "gpt", "content": "x"}]}, "bad_messages"),
        ({"messages": [ASK, {"role": ["assistant"], "content": "x"}]}, "bad_messages"),
        ({"messages": [ASK, {"role": "assistant", "content": None}]}, "bad_messages"),
        ({"messages": [ASK, {"role": "assistant", "content": "a\0b"}]}, "bad_messages"),
        ({"messages": [ASK, {"role": "assistant", "content": "\udc80"}]}, "bad_messages"),
        ({"instruction": "x", "output": ""}, "bad_messages"),
        ({"instruction": "x", "input": 3, "output": "y"}, "bad_messages"),
        ({"prompt": tree("Q")}, "no_assistant_turn"),
        ({"prompt": tree("Q", replies=["x"])}, "bad_messages"),
        ({"prompt": tree("Q", "moderator")}, "bad_messages"),
        ({"text": None}, "bad_messages"),
        ({"text": " "}, "bad_messages"),
        ({"text": "x", "meta": {"at": object()}}, "bad_meta"),
        ({"text": "x", "meta": {"at": float("nan")}}, "bad_meta"),
    ],
)
def test_what_cannot_be_used_has_a_reason(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert(record)
    assert caught.value.reason == reason and caught.value.detail


def test_a_format_can_be_forced() -> None:
    both = {"messages": [ASK, REPLY], "text": "the same as text"}
    assert detect(both) == "messages"
    assert convert(both, "text")[1] == [{"role": "text", "content": "the same as text"}]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("assistant"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "text", "replies", "rank", "meta", "x"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)
records = junk | st.dictionaries(
    st.sampled_from(
        ["messages", "instruction", "input", "output", "response", "prompt", "role", "text", "replies", "meta"]
    ),
    junk,
    max_size=5,
)


@given(records, st.sampled_from(["auto", *CONVERTERS]))
def test_junk_becomes_a_row_or_a_reason(record: Any, shape: str) -> None:
    try:
        _, messages, meta = convert(record, shape)
    except BadRecord as problem:
        assert problem.reason and problem.detail
    else:
        Row(id="a", source="s", split="train", messages=messages, meta=meta)
        assert {message["role"] for message in messages} & {"assistant", "text"}
