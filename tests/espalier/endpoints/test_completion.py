"""What servers of many makes put into an answer is read into one form, or said to be no answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from espalier.endpoints.completion import NoCompletion, Reply, is_same_model, read_completion, read_json
from tests.espalier.endpoints.chat_server import says

CALL = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


def read(body: Any) -> Reply:
    return read_completion(
        body if isinstance(body, bytes) else json.dumps(body).encode(), constrained="none", retries=0, seconds=0.0
    )


def said(content: Any, finish: Any = "stop", **beside: Any) -> Reply:
    return read(says(content, finish=finish, beside=beside).body)


CONTENTS: dict[str, tuple[Any, str, str]] = {
    "text": ("Hi.", "Hi.", ""),
    "parts": ([{"type": "text", "text": "Hi"}, {"type": "text", "text": " there."}], "Hi there.", ""),
    "parts of the newer kind": ([{"type": "output_text", "text": "Hi."}], "Hi.", ""),
    "parts of no kind": (["Hi", {"text": "."}], "Hi.", ""),
    "one part": ({"type": "text", "text": "Hi."}, "Hi.", ""),
    "thoughts as a part": (
        [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "Hi."}],
        "Hi.", "Hm.",
    ),
    "a refusal as a part": ([{"type": "refusal", "refusal": "No."}], "No.", ""),
    "thoughts before it": ("<think>Hm.</think>Hi.", "Hi.", "Hm."),
    "thoughts as a part, and before it": (
        [{"type": "reasoning", "text": "One."}, {"type": "text", "text": "<think>Two.</think>Hi."}],
        "Hi.", "One.\n\nTwo.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_content_of_any_form_is_read(kind: str) -> None:
    content, text, reasoning = CONTENTS[kind]
    reply = said(content)
    assert (reply.text, reply.reasoning, reply.silence, reply.remarks) == (text, reasoning, "", ())


@pytest.mark.parametrize(
    "beside",
    [
        {"reasoning": "Hm."},
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm.", "reasoning_content": "Hm."},
        {"thinking": "Hm."},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "x"}]},
    ],
)
def test_thoughts_that_the_server_keeps_apart_have_many_names(beside: dict[str, Any]) -> None:
    reply = said("Hi.", **beside)
    assert (reply.text, reply.content, reply.reasoning) == ("Hi.", "Hi.", "Hm.")
    assert said(None, "length", **beside).silence == "limit spent on reasoning"


@pytest.mark.parametrize(
    ("content", "finish", "beside", "why"),
    [
        (None, "length", {"reasoning": "Hm."}, "limit spent on reasoning"),
        ("<think>Hm.", "length", {}, "limit spent on reasoning"),
        ("<think>Hm.", "max_tokens", {}, "limit spent on reasoning"),
        ("<think>Hm.", "stop", {}, "reasoning, and nothing said"),
        (None, "stop", {"reasoning_content": "Hi."}, "reasoning, and nothing said"),
        (None, "length", {}, "limit spent, and nothing said"),
        ("", "stop", {}, "nothing said"),
        ([], "stop", {}, "nothing said"),
        (" \n", None, {}, "nothing said"),
        (None, "tool_calls", {"tool_calls": CALL}, "a tool called instead"),
        (None, "function_call", {"function_call": {"name": "f", "arguments": "{}"}}, "a tool called instead"),
        (None, "stop", {"tool_calls": CALL}, "a tool called instead"),
    ],
)
def test_why_there_is_nothing_to_see(content: Any, finish: Any, beside: dict[str, Any], why: str) -> None:
    reply = said(content, finish, **beside)
    assert (reply.text.strip(), reply.silence) == ("", why)


def test_thoughts_that_are_counted_and_not_shown_are_thoughts() -> None:
    body = says("", finish="length").body
    body["usage"]["completion_tokens_details"] = {"reasoning_tokens": 64}
    assert read(body).silence == "limit spent on reasoning"


@pytest.mark.parametrize(
    ("reply", "remarks"),
    [
        (said("Hi.", "tool_calls", tool_calls=CALL), ("called a tool",)),
        (said(None, refusal="No."), ("marked as a refusal",)),
        (said([{"type": "image_url", "image_url": {}}]), ("a part that is no text (image_url) passed over",)),
        (said("Hi", "insufficient_system_resource"), ("ended for another reason (insufficient_system_resource)",)),
        (said("Hi", "eos"), ()),
        (said("Hi", None), ()),
    ],
)
def test_what_is_odd_is_remarked(reply: Reply, remarks: tuple[str, ...]) -> None:
    assert reply.remarks == remarks


def test_a_refusal_is_what_is_seen_where_there_is_nothing_else() -> None:
    assert said(None, refusal="No.").text == "No." and said("Hi.", refusal="No.").text == "Hi."


def test_reasons_to_end_have_many_names() -> None:
    found = [said("Hi", each).finish for each in ("stop", "end_turn", "max_tokens", "SAFETY", "tool_use", None, "odd")]
    assert found == ["stop", "stop", "length", "content_filter", "tool_calls", "unknown", "odd"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>Bad gateway</html>", "gives no chat completion"),
        ({"model": "m", "choices": []}, "no choices in it"),
        ({"model": "m", "choices": None}, "no choices in it"),
        ({"error": {"message": "model\noverloaded"}}, "answers with an error, under status 200: model overloaded"),
        ({"error": "overloaded"}, "under status 200: overloaded"),
        ({"object": "error", "message": "no such model", "code": 404}, "under status 200: no such model"),
        ({"model": "m", "choices": [], "error": {"message": "busy"}}, "under status 200: busy"),
        ({"model": "m", "choices": [{"message": None}]}, "gives no chat completion"),
        (says(7).body, "a content that is no text but int"),
        (says([7]).body, "a content that is no text but int"),
        (says("upstream died", finish="error").body, "ends with an error: upstream died"),
        (b"[1]", "gives no chat completion"),
        (b"[" * 100_000, "gives no chat completion"),
    ],
)
def test_what_is_no_completion_says_what_it_is(body: Any, words: str) -> None:
    with pytest.raises(NoCompletion) as raised:
        read(body)
    assert words in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("m", "m", True),
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("llama3", "llama3:latest", True),
        ("org/Name", "name", True),
        ("name", "/models/name.gguf", True),
        ("m-v1.2", "m", True),
        ("othermodel", "something-else", False),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4", "gpt-4.1", False),
        ("phi-3", "phi-3-5", False),
        ("gpt-4", "gpt-3.5", False),
        ("qwen3-8b", "qwen3-4b", False),
    ],
)
def test_another_model_is_told_from_another_name_of_the_same(asked: str, answered: str, same: bool) -> None:
    assert is_same_model(asked, answered) == is_same_model(answered, asked) == same


@pytest.mark.parametrize("text", ['{"a": 1}', '```json\n{"a": 1}\n```', ' ```\n{"a": 1}\n``` \n'])
def test_json_is_read_out_of_a_fence(text: str) -> None:
    assert read_json(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "{", "Sure! {}", "[" * 100_000])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)
