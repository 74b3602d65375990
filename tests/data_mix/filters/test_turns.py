"""Whatever filters do to a message, its weight, thoughts and calls stay; and what is not trained is not judged."""

from typing import Any

import pytest

from data_mix.filters.chain import Chain, Verdict
from data_mix.filters.config import FilterConfig

CALL = {"type": "function", "function": {"name": "look", "arguments": {"word": "went"}}}
ASK = {"role": "user", "content": "Is it go or went?"}


def reply(content: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content} | more


def judge(*messages: dict[str, Any], **keys: Any) -> Verdict:
    return Chain(FilterConfig.model_validate(keys))(list(messages), {})


@pytest.mark.parametrize(
    ("keys", "wrong", "right"),
    [
        ({"control": "repair"}, "It is\x07 went.", "It is went."),
        ({"mojibake": "repair"}, "The cafÃ© is shut.", "The café is shut."),
        ({"personal_data": "mask"}, "Write to ann.smith@example.com now.", "Write to <EMAIL> now."),
    ],
)
def test_a_rewritten_message_keeps_what_it_has(keys: dict[str, Any], wrong: str, right: str) -> None:
    wrong, right = (text.replace("example.com", "fruit-market.net") for text in (wrong, right))
    has = {"weight": 0.5, "tool_calls": [CALL]}
    verdict = judge(ASK, reply(wrong, **has), **keys)
    assert verdict.messages == [ASK, reply(right, **has)] and verdict.repairs
    verdict = judge(ASK, reply("Fine.", reasoning=wrong), **keys)
    assert verdict.messages == [ASK, reply("Fine.", reasoning=right)] and verdict.repairs


def test_a_call_is_no_empty_turn_and_thoughts_may_vanish() -> None:
    call = reply("\x07", tool_calls=[CALL])
    assert judge(ASK, call, control="repair").messages == [ASK, reply("", tool_calls=[CALL])]
    assert judge(ASK, reply("Fine.", reasoning="\x07"), control="repair").messages == [ASK, reply("Fine.")]
    assert judge(ASK, reply("\x07", reasoning="hm"), reply("Fine."), control="repair").messages == [ASK, reply("Fine.")]


def test_thoughts_are_words_and_characters_of_the_row() -> None:
    assert judge(ASK, reply("Fine.", reasoning="x" * 50), min_chars=60).reason is None
    assert judge(ASK, reply("Fine."), min_chars=60).reason == "too_short"


def test_calls_and_results_are_in_order() -> None:
    call, result = reply("", tool_calls=[CALL]), {"role": "tool", "content": "went, gone"}
    said = [ASK, call, result, result, reply("It is went.")]
    for mode in ("repair", "drop"):
        assert judge(*said, roles=mode).messages == said
        assert judge(ASK, call, roles=mode).messages == [ASK, call]
    assert judge(ASK, reply("Wait."), call, result, reply("Went."), roles="repair").messages == [
        ASK,
        reply("Wait.", tool_calls=[CALL]),
        result,
        reply("Went."),
    ]
    assert judge(ASK, call, call | {"weight": 1.0}, result, reply("x"), roles="repair").messages[1] == reply(
        "", tool_calls=[CALL, CALL]
    )
    assert judge(ASK, call, result, roles="repair").messages == [ASK, call]
    assert judge(ASK, call, result, roles="repair").repairs == ("cut_trailing_tool",)
    assert judge(ASK, result, reply("x"), roles="repair").reason == "roles"
    assert judge(result, reply("x"), roles="repair").reason == "roles"
    assert judge(reply("Hi."), result, reply("x"), roles="repair").reason == "roles", "a result without its call"


def test_neighbours_are_one_only_where_they_count_alike() -> None:
    half = reply("It is", weight=0.5)
    assert judge(ASK, half, reply("went.", weight=0.5), roles="repair").messages == [
        ASK,
        reply("It is\nwent.", weight=0.5),
    ]
    for other in (reply("went."), reply("went.", weight=0.0), reply("went.", weight=0.5, reasoning="hm")):
        assert judge(ASK, half, other, roles="repair").reason == "roles"
    assert judge(ASK, reply("It is", reasoning="hm"), reply("went."), roles="repair").messages == [
        ASK,
        reply("It is\nwent.", reasoning="hm"),
    ]
    assert judge(ASK, reply("", tool_calls=[CALL]), reply("went."), roles="repair").reason == "roles"


@pytest.mark.parametrize(
    ("keys", "bad"),
    [
        ({"repetition": "drop"}, "I go to the shop and then " * 40),
        ({"artefacts": "drop"}, "<|im_start|>user"),
        ({"artefacts": "drop"}, "Here is the JSON you asked for:\n[{}"),
        ({"artefacts": ["next_turn"]}, "Fine.\nUser: And now?"),
        ({"boilerplate": "drop"}, "As an AI language model, I do not say went."),
    ],
)
def test_what_is_not_trained_is_not_judged(keys: dict[str, Any], bad: str) -> None:
    assert judge(ASK, reply(bad), **keys).reason is not None
    good = reply("It is went, because it was yesterday.")
    assert judge(ASK, reply(bad, weight=0.0), ASK, good, **keys).reason is None


def test_refusals_that_are_trained_are_refusals_all_the_same() -> None:
    sorry, good = reply("I'm sorry, but I cannot help with that."), reply("It is went.")
    assert judge(ASK, sorry, refusals="drop").reason == "refusal"
    assert judge(ASK, sorry, ASK, good, refusals="drop").reason is None
    assert judge(ASK, sorry, ASK, good | {"weight": 0.0}, refusals="drop").reason == "refusal"
    assert judge(ASK, sorry | {"weight": 0.0}, ASK, good, refusals="drop").reason is None


def test_the_least_length_of_replies_is_of_what_is_trained() -> None:
    long = reply("It is went, because it was yesterday.", weight=0.0)
    assert judge(ASK, long, ASK, reply("Went."), min_reply_chars=20).reason == "reply_too_short"
