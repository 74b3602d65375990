"""Templates for engines that read text: the ids of training, whoever prints them."""

from typing import Any

import pytest

from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from exports.checks import go_template
from exports.checks.conversations import conversations
from exports.templates.choosing import check, choose, printed
from exports.templates.golang import to_go
from exports.templates.jinja import to_jinja
from exports.templates.pattern import learn
from exports.templates.reading import as_engines_read, as_transformers_reads
from tests import tiny
from tests.espalier.text.templates import ALWAYS_THINKS, CHATML, FAMILIES, GEMMA2, LLAMA3, MISTRAL, QWEN3, tokenizer

CONVERSATIONS = conversations(120)
PATTERNS = {
    "espalier": tiny.renderer,
    "espalier, no space before texts": tiny.renderer_without_prefix,
    **{
        f"{name}, {thinking}": lambda text=text, thinking=thinking: ChatRenderer(tokenizer(), text, thinking=thinking)
        for name, text in FAMILIES.items()
        if name != "mistral"
        for thinking in ("drop", "keep")
    },
}


def answered(renderer: ChatRenderer) -> tuple[list[Any], list[list[int]]]:
    """Conversations that hold no token of the tokenizer's own and that the template takes, and their ids."""
    own = [token for token in renderer.tokenizer.get_added_vocab() if token.strip()]
    said = [each for each in CONVERSATIONS if not any(token in turn["content"] for turn in each for token in own)]
    pairs = [(each, ids) for each, ids in zip(said, renderer.prompts(said), strict=True) if isinstance(ids, list)]
    assert len(pairs) > 50
    return [each for each, _ in pairs], [ids for _, ids in pairs]


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_says_what_the_template_does(name: str) -> None:
    renderer = PATTERNS[name]()
    said, due = answered(renderer)
    read, pattern = as_engines_read(renderer), learn(renderer)
    assert [read(pattern.text(each)) for each in said] == due
    text = to_jinja(pattern)
    assert [read(printed(renderer, text, each)) for each in said] == due


@pytest.mark.parametrize("name", PATTERNS)
def test_go_says_it_too(name: str) -> None:
    if not go_template.is_installed():
        pytest.skip(go_template.NO_GO)
    renderer = PATTERNS[name]()
    said, due = answered(renderer)
    read, pattern = as_engines_read(renderer), learn(renderer)
    assert list(map(read, go_template.render(to_go(pattern), said))) == due
    begin = renderer.tokenizer.bos_token
    bare = go_template.render(to_go(pattern, begins=begin), said)
    assert [read(begin + text) if ids[0] == renderer.tokenizer.bos_token_id else read(text)
            for text, ids in zip(bare, due, strict=True)] == due  # fmt: skip


@pytest.mark.parametrize(
    ("template", "thinking", "how"),
    [
        (CHATML, "drop", "its own"),
        (QWEN3, "drop", "settled"),
        (QWEN3, "keep", "its own"),
        (LLAMA3, "drop", "settled"),
        (GEMMA2, "drop", "ours"),
        (ALWAYS_THINKS, "drop", "ours"),
    ],
)
def test_the_models_own_template_is_shipped_where_it_does_as_in_training(
    template: str, thinking: Any, how: str
) -> None:
    renderer = ChatRenderer(tokenizer(), template, thinking=thinking)
    text = choose(renderer, as_engines_read(renderer))
    said, due = answered(renderer)
    read = as_engines_read(renderer)
    assert [read(printed(renderer, text, each)) for each in said] == due
    assert how == ("its own" if text == template else "settled" if text.endswith(template) else "ours")


def test_what_reads_texts_decides() -> None:
    renderer = tiny.renderer()  # whose tokenizer puts a space before texts, which transformers does and no engine
    assert choose(renderer, as_transformers_reads(renderer)) == renderer.template.text
    assert choose(renderer, as_engines_read(renderer)) != renderer.template.text


def test_a_day_is_not_left_to_the_clock() -> None:
    from datetime import date

    renderer = ChatRenderer(tokenizer(), LLAMA3, date=date(2020, 1, 2))
    text = choose(renderer, as_engines_read(renderer))
    assert "02 Jan 2020" in printed(renderer, text, [{"role": "user", "content": "x"}])


def test_texts_that_nothing_parts_are_refused() -> None:
    plain = ChatRenderer(tiny.renderer_without_prefix().tokenizer, read_template("plain"))
    with pytest.raises(UserError, match="no template gives others the ids that the model was trained with"):
        choose(plain, as_engines_read(plain))


def test_a_template_that_is_no_table_is_refused() -> None:
    with pytest.raises(UserError, match="none that others could be told: a conversation of system, user"):
        learn(ChatRenderer(tokenizer(), MISTRAL))


def test_an_order_of_roles_that_was_not_taught_is_no_other_prompt() -> None:
    renderer = ChatRenderer(tokenizer(), FAMILIES["gemma3"])
    pattern, said = learn(renderer), [{"role": "tool", "content": "x"}, {"role": "user", "content": "x"}]
    with pytest.raises(UserError, match="does not say how tool follows nothing"):
        pattern.text(said)
    with pytest.raises(UserError, match="this model was not taught this order of roles"):
        printed(renderer, to_jinja(pattern), said)
    if go_template.is_installed():
        with pytest.raises(UserError, match="this model was not taught this order of roles"):
            go_template.render(to_go(pattern), [said])


def test_one_space_more_is_told() -> None:
    renderer = tiny.renderer()
    read, pattern = as_engines_read(renderer), learn(renderer)
    check(renderer, pattern.text, read)
    with pytest.raises(UserError, match="is read where"):
        check(renderer, lambda said: pattern.text(said) + " ", read)
