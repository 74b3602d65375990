"""What turns may hold besides a speaker and words, however corpora spell it: weights, thoughts, calls, parts, nulls."""

from typing import Any

import pytest

from data_mix.importers import convert
from data_mix.importers.parts.speakers import SPEAKERS, role_of
from data_mix.reading.record import BadRecord

ASK = {"role": "user", "content": "3*7?"}
REPLY = {"role": "assistant", "content": "21."}
CALL = {"type": "function", "function": {"name": "multiply", "arguments": {"of": [3, 7]}}}
HUMAN, GPT = {"from": "human", "value": "3*7?"}, {"from": "gpt", "value": "21."}


def messages(*turns: Any, **around: Any) -> list[dict[str, Any]]:
    [row] = convert([{"messages": list(turns)} | around], "auto")[1]
    return row.messages


def unread(*turns: Any, **around: Any) -> frozenset[str]:
    return convert([{"messages": list(turns)} | around], "auto")[1][0].unread


def refused(*turns: Any, **around: Any) -> BadRecord:
    with pytest.raises(BadRecord) as caught:
        convert([{"messages": list(turns)} | around], "auto")
    assert caught.value.detail.isprintable() and len(caught.value.detail) < 500
    return caught.value


# --- how much a turn counts


@pytest.mark.parametrize(
    ("flags", "weight"),
    [
        ({"weight": 0}, 0.0),
        ({"weight": 1}, None),
        ({"weight": 0.25}, 0.25),
        ({"weight": 2}, 2.0),
        ({"weight": -0.0}, 0.0),
        ({"train": False}, 0.0),
        ({"train": True}, None),
        ({"training": False}, 0.0),
        ({"trainable": 0}, 0.0),
        ({"loss": False}, 0.0),
        ({"loss": 0.5}, 0.5),
        ({"loss_weight": 0.0}, 0.0),
        ({"train_on_turn": False}, 0.0),
        ({"masked": True}, 0.0),
        ({"masked": False}, None),
        ({"mask": 1}, 0.0),
        ({"mask": 0}, None),
        ({"weight": None}, None),
        ({"weight": None, "train": False}, 0.0),
        ({"weight": 0.5, "train": True}, 0.5),
        ({"weight": 0, "masked": True}, 0.0),
    ],
)
def test_flags_of_a_turn_are_its_weight(flags: dict[str, Any], weight: float | None) -> None:
    wanted = REPLY if weight is None else REPLY | {"weight": weight}
    assert messages(ASK, REPLY | flags, ASK, REPLY) == [ASK, wanted, ASK, REPLY]
    [row] = convert([{"conversations": [HUMAN, GPT | flags]}], "auto")[1]
    assert row.messages == [ASK, wanted] and not row.unread


@pytest.mark.parametrize(
    "flags",
    [
        {"weight": -1},
        {"weight": float("nan")},
        {"weight": float("inf")},
        {"weight": "half"},
        {"weight": "0"},
        {"weight": [0]},
        {"weight": 10**400},
        {"train": "no"},
        {"loss": {"on": True}},
        {"mask": 0.5},
        {"masked": "yes"},
        {"weight": 1, "train": False},
        {"weight": 0.5, "loss_weight": 0.25},
        {"weight": 0.5, "train": False},
        {"masked": True, "train": True},
    ],
)
def test_a_flag_that_makes_no_sense_is_refused_by_its_name(flags: dict[str, Any]) -> None:
    problem = refused(ASK, REPLY | flags)
    assert problem.reason == "bad_weight" and "message 1" in problem.detail
    assert all(name in problem.detail for name in flags)


@pytest.mark.parametrize("flags", [{"weight": 0}, {"train": False}, {"masked": True}, {"loss": None}])
def test_that_a_user_is_not_trained_goes_without_saying(flags: dict[str, Any]) -> None:
    assert messages(ASK | flags, REPLY) == [ASK, REPLY] and not unread(ASK | flags, REPLY)


@pytest.mark.parametrize("flags", [{"weight": 1}, {"train": True}, {"masked": False}, {"loss": 0.5}])
def test_a_user_that_is_to_be_trained_is_refused_unless_allowed(flags: dict[str, Any]) -> None:
    [name] = flags
    problem = refused(ASK | flags, REPLY)
    assert problem.reason == f"unread_{name}" and f"ignore_keys: [{name}]" in problem.detail
    [row] = convert([{"messages": [ASK | flags, REPLY]}], "auto", ignored=frozenset([name]))[1]
    assert row.messages == [ASK, REPLY] and row.unread == {f"turns.{name}"}


@pytest.mark.parametrize("name", ["train_detail", "training_detail"])
def test_what_of_a_turn_is_trained_cannot_be_kept(name: str) -> None:
    detail = [{"begin_offset": 0, "end_offset": 2, "train": False}]
    assert refused(ASK, REPLY | {name: detail}).reason == f"unread_{name}"
    assert messages(ASK, REPLY | {name: []}) == [ASK, REPLY]


# --- who speaks


@pytest.mark.parametrize("name", ["Human", "USER", " user ", "Student", "learner", "<|user|>", "[USER]"])
def test_names_of_a_user(name: str) -> None:
    assert messages(ASK | {"role": name}, REPLY) == [ASK, REPLY]


@pytest.mark.parametrize(
    "name", ["GPT", "model", "Model", "bot", "AI", "ASSISTANT", "Chatbot", "chatgpt", "GPT-4", "AI assistant", "tutor"]
)
def test_names_of_an_assistant(name: str) -> None:
    assert messages(ASK, REPLY | {"role": name}) == [ASK, REPLY]
    assert convert([{"conversations": [HUMAN, GPT | {"from": name}]}], "auto")[1][0].messages == [ASK, REPLY]


@pytest.mark.parametrize("name", ["developer", "Developer", "SYSTEM", "system_prompt"])
def test_names_of_a_system(name: str) -> None:
    brief = {"role": "system", "content": "Be brief."}
    assert messages(brief | {"role": name}, ASK, REPLY) == [brief, ASK, REPLY]


@pytest.mark.parametrize("name", ["barista", "", "critic", 3, None, ["user"], "user" * 100])
def test_a_speaker_that_nobody_knows_is_named(name: Any) -> None:
    problem = refused(ASK, REPLY | {"role": name})
    assert problem.reason == "bad_messages" and "message 1" in problem.detail
    assert "role" in problem.detail


def test_every_name_is_found_in_any_case() -> None:
    for name, role in SPEAKERS.items():
        for spelled in (name, name.upper(), name.title(), name.replace("_", " "), name.replace("_", "-")):
            assert role_of(spelled) == role


# --- what was thought


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content", "thinking", "thoughts"])
def test_thoughts_stand_under_many_names(name: str) -> None:
    wanted = REPLY | {"reasoning": "three sevens"}
    assert messages(ASK, REPLY | {name: "three sevens"}) == [ASK, wanted]
    assert messages(ASK, REPLY | {name: [{"type": "text", "text": "three sevens"}]}) == [ASK, wanted]
    for nothing in ("", " ", None, []):
        assert messages(ASK, REPLY | {name: nothing}) == [ASK, REPLY]


def test_thoughts_may_be_a_part_of_the_content() -> None:
    for part in (
        {"type": "thinking", "thinking": "three sevens", "signature": "x"},
        {"type": "reasoning", "text": "three sevens"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "three sevens"}]},
    ):
        said = REPLY | {"content": [part, {"type": "text", "text": "21."}]}
        assert messages(ASK, said) == [ASK, REPLY | {"reasoning": "three sevens"}]


def test_the_same_thoughts_under_two_names_are_taken_once_and_others_refused() -> None:
    twice = REPLY | {"reasoning": "three sevens", "reasoning_details": [{"type": "text", "text": "three sevens"}]}
    assert messages(ASK, twice) == [ASK, REPLY | {"reasoning": "three sevens"}]
    assert refused(ASK, REPLY | {"reasoning": "three sevens", "thinking": "two"}).reason == "unread_thinking"


def test_thoughts_of_a_user_are_nowhere_to_be_kept() -> None:
    assert refused(ASK | {"reasoning_content": "hm"}, REPLY).reason == "unread_reasoning_content"


# --- what was called


@pytest.mark.parametrize(
    "called",
    [
        {"content": None, "tool_calls": [CALL]},
        {"content": "", "tool_calls": [CALL]},
        {"tool_calls": [CALL]},
        {"tool_calls": [{"name": "multiply", "arguments": {"of": [3, 7]}}]},
        {"tool_calls": [{"type": "function", "function": {"name": "multiply", "arguments": '{"of": [3, 7]}'}}]},
        {"tool_calls": '[{"name": "multiply", "arguments": {"of": [3, 7]}}]'},
        {"content": None, "function_call": {"name": "multiply", "arguments": '{"of": [3, 7]}'}},
        {"content": None, "tool_calls": None, "function_call": {"name": "multiply", "arguments": '{"of": [3, 7]}'}},
        {"content": [{"type": "tool_use", "name": "multiply", "input": {"of": [3, 7]}}]},
        {"content": [{"type": "tool_call", "value": '{"name": "multiply", "arguments": {"of": [3, 7]}}'}]},
        {"role": "function_call", "content": '{"name": "multiply", "arguments": {"of": [3, 7]}}'},
        {"role": "tool_call", "content": '[{"name": "multiply", "arguments": {"of": [3, 7]}}]'},
    ],
)
def test_calls_are_taken_in_one_form(called: dict[str, Any]) -> None:
    wanted = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    result = {"role": "tool", "content": "21"}
    assert messages(ASK, {"role": "assistant"} | called, result, REPLY) == [ASK, wanted, result, REPLY]


def test_words_before_a_call_stay() -> None:
    assert messages(ASK, REPLY | {"tool_calls": [CALL | {"id": "c1", "index": 0}]}) == [
        ASK,
        REPLY | {"tool_calls": [CALL | {"id": "c1"}]},
    ]


@pytest.mark.parametrize("name", ["tool", "function", "ipython", "observation", "tool_response", "Function-Response"])
def test_what_a_tool_answers_has_many_names(name: str) -> None:
    said = [HUMAN, {"from": "function_call", "value": '{"name": "multiply"}'}, {"from": name, "value": "21"}, GPT]
    [row] = convert([{"conversations": said}], "auto")[1]
    assert [turn["role"] for turn in row.messages] == ["user", "assistant", "tool", "assistant"]


def test_a_result_may_be_a_part_of_what_a_user_says() -> None:
    result = {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "21"}]}
    called = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    assert messages(ASK, called, {"role": "user", "content": [result]}, REPLY) == [
        ASK,
        called,
        {"role": "tool", "content": "21"},
        REPLY,
    ]


@pytest.mark.parametrize(
    "called",
    [
        {"tool_calls": [{"arguments": {}}]},
        {"tool_calls": "no JSON"},
        {"tool_calls": 3},
        {"tool_calls": [{"name": "multiply", "arguments": "no JSON"}]},
        {"tool_calls": [{"name": "multiply", "arguments": [3]}]},
        {"function_call": "multiply"},
        {"role": "function_call", "content": "multiply"},
        {"role": "user", "content": [{"type": "tool_use", "name": "multiply", "input": {}}]},
    ],
)
def test_calls_that_cannot_be_read_have_a_reason(called: dict[str, Any]) -> None:
    assert refused(ASK, REPLY | called).reason == "bad_tool_calls"


def test_only_an_assistant_calls() -> None:
    assert refused(ASK | {"tool_calls": [CALL]}, REPLY).reason == "unread_tool_calls"


@pytest.mark.parametrize(
    ("around", "wanted"),
    [
        ({"tools": [CALL]}, [CALL]),
        ({"tools": '[{"name": "multiply"}]'}, [{"name": "multiply"}]),
        ({"tools": ['{"name": "multiply"}']}, [{"name": "multiply"}]),
        ({"tools": {"name": "multiply"}}, [{"name": "multiply"}]),
        ({"functions": [{"name": "multiply"}]}, [{"type": "function", "function": {"name": "multiply"}}]),
        ({"tools": []}, None),
        ({"tools": None}, None),
        ({"tools": "[]"}, None),
        ({}, None),
    ],
)
def test_declared_tools_are_the_rows(around: dict[str, Any], wanted: Any) -> None:
    for record in (
        {"messages": [ASK, REPLY]},
        {"conversations": [HUMAN, GPT]},
        {"prompt": "3*7?", "completion": "21."},
    ):
        assert convert([record | around], "auto")[1][0].tools == wanted


@pytest.mark.parametrize("tools", ["multiply", ["multiply"], 3, [3], [[]], [{"of": float("nan")}], [{"of": "\ud800"}]])
def test_tools_that_cannot_be_read_have_a_reason(tools: Any) -> None:
    assert refused(ASK, REPLY, tools=tools).reason == "bad_tools"


# --- words in parts


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "21."}],
        [{"type": "text", "value": "21."}],
        [{"type": "output_text", "text": "21.", "annotations": []}],
        [{"type": "input_text", "text": "21."}],
        [{"text": "21."}],
        ["21."],
        ["2", {"type": "text", "text": "1"}, "."],
        [{"type": "text", "text": "21.", "image_url": None}],
        {"type": "text", "text": "21."},
        {"parts": ["21."]},
        [{"type": "text", "text": "21.", "cache_control": {"type": "ephemeral"}}],
    ],
)
def test_parts_of_text_are_joined(content: Any) -> None:
    assert messages(ASK, REPLY | {"content": content}) == [ASK, REPLY]
    assert convert([{"conversations": [HUMAN, GPT | {"value": content}]}], "auto")[1][0].messages == [ASK, REPLY]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (21, "int"),
        (2.1, "float"),
        (True, "bool"),
        ({"answer": 21}, "dict"),
        ([21], "int"),
        ([["21."]], "list"),
        ([{"type": "text", "text": 21}], "int"),
        ([{"type": "text"}], "NoneType"),
        ([{"type": 3, "text": "x"}], "int"),
    ],
)
def test_what_is_no_text_is_named_by_its_type(content: Any, named: str) -> None:
    problem = refused(ASK, REPLY | {"content": content})
    assert problem.reason == "bad_messages" and named in problem.detail and "message 1" in problem.detail


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ({"type": "image_url", "image_url": {"url": "data:…"}}, "image_url"),
        ({"type": "image"}, "image"),
        ({"type": "input_image", "image_url": "x"}, "input_image"),
        ({"type": "input_audio", "input_audio": {"data": "x"}}, "input_audio"),
        ({"type": "audio", "audio": "x"}, "audio"),
        ({"type": "video", "video": "x"}, "video"),
        ({"type": "file", "file": {"file_id": "x"}}, "file"),
        ({"type": "document", "source": {}}, "document"),
        ({"image": "x.jpg"}, "image"),
        ({"inline_data": {"mime_type": "image/png"}}, "inline_data"),
        ({"type": "hologram"}, "hologram"),
    ],
)
def test_a_part_that_is_no_text_is_refused_unless_allowed(part: dict[str, Any], name: str) -> None:
    shown = ASK | {"content": [part, {"type": "text", "text": "3*7?"}]}
    problem = refused(shown, REPLY)
    assert problem.reason in (f"unread_{name}", "unread_part") and f"ignore_keys: [{name}]" in problem.detail
    [row] = convert([{"messages": [shown, REPLY]}], "auto", ignored=frozenset([name]))[1]
    assert row.messages == [ASK, REPLY] and row.unread <= {f"parts.{name}"}


# --- what else there is


def test_null_is_absence_in_a_turn_too() -> None:
    nulls = dict.fromkeys(("name", "weight", "tool_calls", "reasoning_content", "images", "label", "from", "value"))
    assert messages(ASK | nulls, REPLY | nulls) == [ASK, REPLY] and not unread(ASK | nulls, REPLY | nulls)
    spoken = [dict.fromkeys(("role", "content", "weight")) | turn for turn in (HUMAN, GPT)]
    assert convert([{"conversations": spoken}], "auto")[1][0].messages == [ASK, REPLY]


def test_a_content_of_null_is_none() -> None:
    assert "has no content" in refused(ASK, REPLY | {"content": None}).detail
    assert "has no content" in refused(ASK | {"content": None}, REPLY).detail


def test_other_keys_of_turns_are_counted_by_name() -> None:
    said = [ASK | {"name": "Ann", "id": 7}, REPLY | {"score": 1, "timestamp": 9, "logprobs": {}, "tokens": 0}]
    assert messages(*said) == [ASK, REPLY]
    assert unread(*said) == {"turns.name", "turns.score", "turns.tokens"}
    odd = unread(ASK, REPLY | {"\udc80" * 100: 1, "\n": 2})
    assert all(name.isprintable() and len(name) < 400 for name in odd) and len(odd) == 2


def test_turns_may_mix_their_ways_of_telling() -> None:
    assert messages({"from": "human", "value": "3*7?"}, REPLY) == [ASK, REPLY]
    assert messages(ASK, {"speaker": "bot", "text": "21."}) == [ASK, REPLY]
    assert messages({"input": "3*7?", "output": "21."}, ASK, REPLY) == [ASK, REPLY, ASK, REPLY]


@pytest.mark.parametrize("name", ["dialogue", "dialog", "turns", "utterances", "chat", "items", "contents"])
def test_a_conversation_has_many_names(name: str) -> None:
    for said in (
        [ASK, REPLY],
        [HUMAN, GPT],
        [{"role": "user", "parts": ["3*7?"]}, {"role": "model", "parts": ["21."]}],
    ):
        assert convert([{name: said}], "auto")[1][0].messages == [ASK, REPLY]
    with pytest.raises(BadRecord):  # a list of something else
        convert([{name: [{"author": "A. Smith", "text": "x"}]}], "auto")


def test_a_refusal_is_what_is_said() -> None:
    assert messages(ASK, REPLY | {"content": None, "refusal": "I would rather not."})[1]["content"] == (
        "I would rather not."
    )
    assert unread(ASK, REPLY | {"refusal": "I would rather not."}) == {"turns.refusal"}
