"""Whether conversations become the same ids everywhere: ours, the template that is shipped, an engine's own, Go's.

Ids are those of whoever will make them: the tokenizer in the export's folder, or the engine's on its GGUF. What a
learner types of the tokenizer's own tokens (`<|assistant|>`) is read as such a token by every engine, and as letters by
our renderer. That cannot be mended in a file; it is counted apart, and told. So is white space at the edge of a content
where a template has words and no token beside it: whoever reads text reads both as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from espalier.text.messages import Message
from exports.checks import engine, go_template
from exports.checks.comparing import first_difference
from exports.checks.conversations import conversations, typed
from exports.checks.modelfile import read_modelfile
from exports.checks.opened import NO_ENGINE, Opened, opened
from exports.checks.trained import trained
from exports.config import ExportOptions
from exports.exported import Exported, Finding

NUM_CONVERSATIONS = 1000
_NUM_TYPED = 50

Encode = Callable[[Sequence[Sequence[Message]]], list[list[int] | UserError]]
"""Conversations to prompt ids."""


def check_shipped(exported: Exported, options: ExportOptions) -> Finding:
    """By the template that is shipped, as transformers runs it."""
    theirs = opened(exported)
    text = theirs.tokenizer.chat_template if theirs.file is None else theirs.facts.get(_KEY)
    if not text:
        return Finding(check="template", passed=False, said="no chat template is shipped")
    return _compare("template", exported, _by_jinja(exported, theirs, text), "the shipped template")


def check_engine(exported: Exported, options: ExportOptions) -> Finding:
    """By the engine's own jinja and tokenizer."""
    theirs = opened(exported)
    if theirs.engine is None:
        return Finding.not_checked("engine's template", NO_ENGINE)
    asked = theirs.engine

    def encode(said: Sequence[Sequence[Message]]) -> list[list[int] | UserError]:
        return [_tried(lambda shown: asked.tokenize(asked.render(shown)), each) for each in said]

    return _compare("engine's template", exported, encode, engine.version())


def check_go(exported: Exported, options: ExportOptions) -> Finding:
    """By the Modelfile's template through Go's text/template."""
    if not go_template.is_installed():
        return Finding.not_checked("go template", go_template.NO_GO)
    theirs, template = opened(exported), read_modelfile(exported.folder).template

    def encode(said: Sequence[Sequence[Message]]) -> list[list[int] | UserError]:
        return [_encoded(exported, theirs, text) for text in go_template.render(template, said)]

    return _compare("go template", exported, encode, "Go's text/template")


_KEY = "tokenizer.chat_template"


def _compare(name: str, exported: Exported, encode: Encode, by: str) -> Finding:
    renderer = trained(exported).renderer
    said = _without(conversations(NUM_CONVERSATIONS), renderer.tokenizer.get_added_vocab())
    pairs = [
        (each, ids) for each, ids in zip(said, renderer.prompts(said), strict=True) if not isinstance(ids, UserError)
    ]
    found = encode([each for each, _ in pairs])
    other = [place for place, (_, ids) in enumerate(pairs) if found[place] != ids]
    differing = [place for place in other if not _runs_together(renderer, pairs[place][0], found[place])]
    typing = typed([renderer.decode([token]) for token in sorted(renderer.special_ids)], _NUM_TYPED)
    ours, theirs = renderer.prompts(typing), encode(typing)
    read_as_tokens = sum(one != other for one, other in zip(ours, theirs, strict=True))
    text = f"{len(pairs) - len(other)} of {len(pairs)} conversations become the same ids by {by}"
    if len(other) > len(differing):
        text += f"; {len(other) - len(differing)} with white space at an edge run together with the template's text"
    if differing:
        text += f"; {_difference(pairs[differing[0]], found[differing[0]], renderer)}"
    figures = {
        "refused_by_the_trained_template": len(said) - len(pairs),
        "run_together": len(other) - len(differing),
        "typed_marks": len(typing),
        "typed_marks_read_as_tokens": read_as_tokens,
    }
    return Finding(
        check=name, passed=not differing, asked=len(pairs), differing=len(differing), figures=figures, said=text
    )


def _runs_together(renderer: ChatRenderer, messages: Sequence[Message], found: list[int] | UserError) -> bool:
    """Whether ids are those of the trained template's whole text, where white space at a content's edge meets its own.

    Ours encodes contents by themselves. Who reads text cannot, unless a token of the template's own parts them.
    """
    if all(each["content"] == each["content"].strip() for each in messages):
        return False
    try:
        text = renderer.template.print([{**each, "reasoning": ""} for each in messages], asking=True)
    except UserError:
        return False
    return bool(found == renderer.tokenizer.encode(text, add_special_tokens=False))


def _by_jinja(exported: Exported, theirs: Opened, text: str) -> Encode:
    def encode(said: Sequence[Sequence[Message]]) -> list[list[int] | UserError]:
        how: dict[str, Any] = {"chat_template": text, "add_generation_prompt": True, "return_dict": False}
        if theirs.file is None:
            ask = partial(theirs.tokenizer.apply_chat_template, tokenize=True, **how)
            return [_tried(ask, each) for each in said]
        ask = partial(trained(exported).renderer.tokenizer.apply_chat_template, tokenize=False, **how)
        printed = [_tried(ask, each) for each in said]
        begin = _begin(exported, theirs) or ""  # which engines that run jinja take away where a template prints it
        return [
            each if isinstance(each, UserError) else _encoded(exported, theirs, each.removeprefix(begin))
            for each in printed
        ]

    return encode


def _begin(exported: Exported, theirs: Opened) -> str | None:
    """The token that an engine puts before every text of a file; None where it puts none."""
    add = theirs.facts.get("tokenizer.ggml.add_bos_token")
    return trained(exported).renderer.tokenizer.bos_token if add else None


def _encoded(exported: Exported, theirs: Opened, text: str) -> list[int]:
    """Ids of a printed prompt, as an engine makes them of a file: it puts the beginning before whatever is printed."""
    if theirs.engine is not None:
        return theirs.engine.tokenize(text)
    tokenizer = trained(exported).renderer.tokenizer
    before = [tokenizer.bos_token_id] if _begin(exported, theirs) else []
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return before + ids


def _shown(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as a client sends them, thoughts apart."""
    return [
        {"role": each["role"], "content": each["content"]}
        | ({"reasoning_content": each["reasoning"]} if "reasoning" in each else {})
        for each in messages
    ]


def _tried(make: Callable[[list[dict[str, Any]]], Any], messages: Sequence[Message]) -> Any:
    """What is made of messages, or why it is not: a template that refuses them differs there, and is no bug of ours."""
    from jinja2 import TemplateError

    try:
        return make(_shown(messages))
    except (TemplateError, UserError, TypeError, ValueError) as error:
        return UserError(f"refuses it: {error}")


def _without(said: Sequence[list[Message]], tokens: Iterable[str]) -> list[list[Message]]:
    """The conversations that hold none of a tokenizer's own tokens, white space apart."""
    everything = "\0".join(each["content"] for messages in said for each in messages)
    own = [token for token in tokens if token.strip() and token in everything]  # a few, of Gemma's thousands
    return [messages for messages in said if not any(token in each["content"] for each in messages for token in own)]


def _difference(asked: tuple[list[Message], list[int]], found: list[int] | UserError, renderer: Any) -> str:
    """One conversation's first difference, with the tokens around it."""
    messages, ids = asked
    if isinstance(found, UserError):
        return f"of one with {', '.join(each['role'] for each in messages)} it {found}"
    at = first_difference(ids, found)
    assert at is not None
    one, other = (renderer.decode(each[max(0, at - 1) : at + 3]) for each in (ids, found))
    return f"one has {other!r} where {one!r} is due"
