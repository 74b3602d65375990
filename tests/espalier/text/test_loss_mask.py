"""Trained as asked: a turn is a target only behind exactly the ids that `prompt` gives there, for every template."""

import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espalier.errors import UserError
from espalier.text.chat import ChatRenderer, Rendered
from tests.espalier.text import templates

SHARED = Path(__file__).parents[4] / "shared" / "models" / "qwen3-tokenizer"
DAY = datetime.date(2026, 3, 5)
CALL = {"type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]


def user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


@cache
def renderer(family: str, thinking: str = "drop") -> ChatRenderer:
    if family == "qwen3 itself":
        if not SHARED.is_dir():
            pytest.skip("the Qwen3 tokenizer is not on this machine")
        from transformers import AutoTokenizer

        return ChatRenderer(AutoTokenizer.from_pretrained(SHARED), thinking=thinking, date=DAY)  # type: ignore[arg-type]
    text = templates.FAMILIES[family]
    return ChatRenderer(templates.tokenizer(), text, thinking=thinking, date=DAY)  # type: ignore[arg-type]


def spans(rendered: Rendered) -> list[tuple[int, int]]:
    """Where stretches of trained tokens begin and end."""
    found, begin = [], None
    for at, trained in enumerate([*rendered.mask, False]):
        if trained and begin is None:
            begin = at
        elif not trained and begin is not None:
            found.append((begin, at))
            begin = None
    return found


def check_trained_as_asked(of: ChatRenderer, messages: list[dict[str, Any]], tools: Any = None) -> list[Rendered]:
    """Every turn to be learned is trained once, behind its prompt, up to a token that ends a reply."""
    sequences = of.sequences(messages, tools)
    taught = [(tuple(each.ids[:begin]), each.ids[begin:end]) for each in sequences for begin, end in spans(each)]
    asked = [
        (tuple(of.prompt(messages[:at], tools)), message)
        for at, message in enumerate(messages)
        if message["role"] == "assistant" and message.get("weight", 1) > 0
    ]
    assert sorted(prompt for prompt, _ in taught) == sorted(prompt for prompt, _ in asked)
    replies = dict(taught)
    for prompt, message in asked:
        reply = replies[prompt]
        assert reply[-1] in of.stop_ids and not set(reply[:-1]) & of.stop_ids
        assert message["content"].strip() in of.decode(reply)
    return sequences


WORDS = st.text(st.sampled_from("aé? .\n<|>[]"), min_size=1, max_size=12).filter(lambda text: text.strip())
KINDS = [*templates.FAMILIES, "qwen3 itself"]


@pytest.mark.parametrize("thinking", ["drop", "keep"])
@pytest.mark.parametrize("family", KINDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_turn_is_trained_behind_its_own_prompt(family: str, thinking: str, data: st.DataObject) -> None:
    of = renderer(family, thinking)
    messages = [{"role": "system", "content": data.draw(WORDS)}] if data.draw(st.booleans()) else []
    for _ in range(data.draw(st.integers(1, 8))):
        thought = {"reasoning": data.draw(WORDS)} if data.draw(st.booleans()) else {}
        weight = {"weight": 0.0} if data.draw(st.integers(0, 3)) == 0 else {}
        messages += [user(data.draw(WORDS)), assistant(data.draw(WORDS), **thought, **weight)]
    if all(each.get("weight") == 0 for each in messages if each["role"] == "assistant"):
        with pytest.raises(UserError, match="nothing in it would be trained"):
            of.sequences(messages)
        return
    check_trained_as_asked(of, messages)


@pytest.mark.parametrize("family", ["chatml", "llama3", "gemma3", "gemma2", "phi"])
def test_a_template_that_shows_turns_as_it_asks_for_them_needs_one_sequence(family: str) -> None:
    said = [user("Hi."), assistant("Hello."), user("Bye."), assistant("Bye now.")]
    assert len(renderer(family).sequences(said)) == 1


def test_a_template_that_rewrites_history_gives_each_turn_a_sequence() -> None:
    of = renderer("qwen3")
    sequences = check_trained_as_asked(of, [user("Hi."), assistant("Hello."), user("Bye."), assistant("Bye now.")])
    closed = "<|im_start|>assistant\n<think>\n\n</think>\n\n"
    first = f"<|im_start|>user\nHi.<|im_end|>\n{closed}"
    later = "<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n"
    later += "<|im_start|>user\nBye.<|im_end|>\n"
    assert [of.decode(each.ids) for each in sequences] == [
        first + "Hello.<|im_end|>",
        later + closed + "Bye now.<|im_end|>",
    ]


def test_thoughts_are_trained_where_they_are_kept_and_counted_where_not() -> None:
    said = [user("3*7?"), assistant("21.", reasoning="three sevens"), user("4*7?"), assistant("<think>hm</think>28.")]
    drop, keep = renderer("qwen3", "drop"), renderer("qwen3", "keep")
    assert drop.plan(said).dropped_thoughts == 2
    assert "sevens" not in "".join(drop.decode(each.ids) for each in drop.sequences(said))
    assert keep.plan(said).dropped_thoughts == 0
    taught = [keep.decode(each.ids[begin:end]) for each in keep.sequences(said) for begin, end in spans(each)]
    assert taught == [
        "<think>\nthree sevens\n</think>\n\n21.<|im_end|>",
        "<think>\nhm\n</think>\n\n28.<|im_end|>",
    ]
    assert keep.decode(keep.prompt(said[:1])).endswith("<|im_start|>assistant\n")
    assert drop.decode(drop.prompt(said[:1])).endswith("<think>\n\n</think>\n\n")


def test_a_prompt_that_opens_the_thoughts_is_asked_and_trained_alike() -> None:
    of = renderer("always thinks", "keep")
    said = [user("3*7?"), assistant("21.", reasoning="three sevens")]
    (sequence,) = check_trained_as_asked(of, said)
    assert of.decode(of.prompt(said[:1])).endswith("<|im_start|>assistant\n<think>\n")
    assert [of.decode(sequence.ids[a:b]) for a, b in spans(sequence)] == ["three sevens\n</think>\n\n21.<|im_end|>"]


def test_a_template_without_thoughts_leaves_them_out_or_as_they_are_in_the_text() -> None:
    said = [user("3*7?"), assistant("<think>three sevens</think>21."), user("?"), assistant("Yes.", reasoning="hm")]
    for thinking, dropped, shown in (("drop", 2, False), ("keep", 1, True)):
        of = renderer("chatml", thinking)
        assert of.plan(said).dropped_thoughts == dropped
        assert ("three sevens" in of.decode(of.sequences(said)[0].ids)) == shown


def test_thoughts_without_a_reply_are_named() -> None:
    with pytest.raises(UserError, match="thoughts and no reply"):
        renderer("qwen3").sequences([user("3*7?"), assistant("<think>three sevens")])


def test_calls_are_trained_where_the_template_shows_them() -> None:
    said = [
        user("Weather?"),
        assistant("", tool_calls=[CALL]),
        {"role": "tool", "content": "3 degrees"},
        assistant("It is 3 degrees."),
    ]
    for family in ("qwen3", "qwen3 itself"):
        of = renderer(family)
        taught = [
            of.decode(each.ids[begin:end])
            for each in check_trained_as_asked(of, said, TOOLS)
            for begin, end in spans(each)
        ]
        assert taught[0].startswith("<tool_call>\n{") and taught[0].endswith("}\n</tool_call><|im_end|>")
        assert '"city": "Oslo"' in taught[0] and taught[1] == "It is 3 degrees.<|im_end|>"
    with pytest.raises(UserError, match="prints no tools"):
        renderer("chatml").sequences(said[:2], TOOLS)


def test_a_call_cannot_bring_the_templates_own_tokens() -> None:
    evil = {"type": "function", "function": {"name": "f", "arguments": {"x": "<|im_end|>"}}}
    with pytest.raises(UserError, match="a token of the tokenizer's own"):
        renderer("qwen3").sequences([user("Go."), assistant("", tool_calls=[evil])])


def test_a_system_message_without_a_place_is_said_in_the_first_user_turn() -> None:
    said = [{"role": "system", "content": "Be kind."}, user("Hi."), assistant("Hello.")]
    of = renderer("gemma2")
    assert of.plan(said).folded_system and not renderer("gemma3").plan(said).folded_system
    assert "<start_of_turn>user\nBe kind.\n\nHi.<end_of_turn>" in of.decode(of.sequences(said)[0].ids)
    assert of.sequences(said)[0].ids == renderer("gemma3").sequences(said)[0].ids
    with pytest.raises(UserError, match="no user turn follows"):
        of.sequences([said[0], said[2]])


def test_the_weight_of_a_turn_reaches_its_tokens_and_no_others() -> None:
    said = [user("2+2?"), assistant("Five.", weight=0), user("Sure?"), assistant("Four.", weight=0.25)]
    for family in ("chatml", "qwen3"):
        (sequence,) = check_trained_as_asked(renderer(family), said)
        assert set(sequence.weights) == {0.0, 0.25}
        assert sequence.num_trained_bytes == len("Four.")


def test_the_date_is_frozen_and_part_of_what_a_renderer_is() -> None:
    of = renderer("llama3")
    said = [user("Hi."), assistant("Hello.")]
    assert "Today Date: 05 Mar 2026" in of.decode(of.sequences(said)[0].ids)
    later = of.on(datetime.date(2026, 3, 6))
    assert "06 Mar 2026" in later.decode(later.prompt(said[:1]))
    assert later.template_hash == of.template_hash and later.identity != of.identity
    assert renderer("chatml").on(datetime.date(2026, 3, 6)) is renderer("chatml")


def test_a_date_that_cannot_be_frozen_is_refused() -> None:
    text = "{{ strftime_now('%d' ~ '%b') }}" + templates.CHATML
    with pytest.raises(UserError, match="cannot be frozen"):
        ChatRenderer(templates.tokenizer(), text).sequences([user("Hi."), assistant("Hello.")])


def test_the_hash_tells_ways_to_use_one_template_apart() -> None:
    plain = renderer("chatml")
    assert plain.template_hash == plain.template.hash("")  # there is one way to use it
    hashes = {renderer("qwen3", thinking).template_hash for thinking in ("drop", "keep")}
    assert len({*hashes, renderer("qwen3").template.hash("")}) == 3


def test_a_row_in_one_piece_begins_with_its_first_turns_prompt() -> None:
    of = renderer("qwen3")
    said = [user("Hi."), assistant("Hello."), user("Bye."), assistant("Bye now.")]
    whole, prompt = of.render(said), of.prompt(said[:1])
    assert whole.ids[: len(prompt)] == prompt and not any(whole.mask[: len(prompt)])
    assert whole.ids == [token for each in of.sequences(said) for token in each.ids]


USERS_ENDS = {
    "chatml": "<|im_end|>",
    "qwen3": "<|im_end|>",
    "qwen3 itself": "<|im_end|>",
    "llama3": "<|eot_id|>",
    "gemma3": "<end_of_turn>",
    "gemma2": "<end_of_turn>",
    "mistral": "[/INST]",
    "phi": "<|end|>",
    "always thinks": "<|im_end|>",
}


@pytest.mark.parametrize("thinking", ["drop", "keep"])
@pytest.mark.parametrize("family", KINDS)
def test_a_users_turn_is_opened_as_it_is_trained_behind(family: str, thinking: str) -> None:
    of = renderer(family, thinking)
    assert of.can_write_as_user
    said = [{"role": "system", "content": "Be kind."}, user("Hi."), assistant("Hello.")]
    (opened,) = of.prompts([said], "user")
    assert isinstance(opened, list)
    trained = of.prompt([*said, user("Bye now")])
    assert trained[: len(opened)] == opened
    rest = of.decode(trained[len(opened) :])
    assert rest.startswith(f"Bye now{USERS_ENDS[family]}")
    ends = of.ends_of("user")
    assert of.tokenizer.convert_tokens_to_ids(USERS_ENDS[family]) in ends and of.stop_ids <= ends


def test_a_users_turn_ends_with_its_line_or_cannot_be_told_to_end() -> None:
    lines = "{% for m in messages %}{{ m.role + ': ' + m.content }}{% if m.role == 'assistant' %}</s>{% endif %}"
    lines += "{{ '\n' }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
    of = ChatRenderer(templates.tokenizer(), lines)
    (opened,) = of.prompts([[user("Hi."), assistant("Hello.")]], "user")
    assert isinstance(opened, list) and of.decode(opened) == "user: Hi.\nassistant: Hello.</s>\nuser: "
    assert of.ids_holding("\n") <= of.ends_of("user") and not of.ids_holding("\n") <= of.stop_ids
    silent = ChatRenderer(templates.tokenizer(), lines.replace("\n", " -- "))
    assert not silent.can_write_as_user
    with pytest.raises(UserError, match="ends a user's turn with '-- assistant:'"):
        silent.ends_of("user")
