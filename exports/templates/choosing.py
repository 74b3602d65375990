"""Which template is shipped: the model's own where it gives the ids of training by itself, else one that does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from espalier.text.messages import Message
from exports.templates.jinja import to_jinja
from exports.templates.pattern import learn
from exports.templates.reading import Encode

Say = Callable[[list[Message]], str]
"""A conversation to the text that asks for its next reply."""

_SAID = ("I go.", "Ünïcode, 2024: “x”", "don't\n\nknow  why", "<b> {{ x }}", "no", "你好 🙂?", "it's 3.5 \t % (so)")
_EDGED = ("", " a space before", "one after ", "\nlines\n\nof it\n", "\tx\t", "\r\nx\r\n")
"""Texts that are empty, or begin or end with white space. Where a template has no token of its own beside them, theirs
run together with its, and no template can part them: such differences are kept few, not refused."""
_ROLES = (
    ("user",),
    ("system", "user"),
    ("user", "assistant", "user"),
    ("system", "user", "assistant", "user", "assistant", "user"),
)


def choose(renderer: ChatRenderer, encode: Encode) -> str:
    """The text of the template to ship to those who make ids of what it prints by `encode`.

    UserError where none gives the ids of training, texts with white space at their edges apart.
    """
    found: list[tuple[int, str]] = []
    reason = ""
    for text in _candidates(renderer):
        say = partial(printed, renderer, text)
        why = next(_differences(renderer, say, encode, _SAID), "")
        if not why:
            found.append((sum(1 for _ in _differences(renderer, say, encode, _EDGED)), text))
            if found[-1][0] == 0:
                break
        reason = why or reason
    if not found:
        raise _refused(reason)
    return min(found, key=lambda each: each[0])[1]


def check(renderer: ChatRenderer, say: Say, encode: Encode) -> None:
    """UserError where what `say` prints does not give the ids of training, as `choose` has it."""
    if why := next(_differences(renderer, say, encode, _SAID), ""):
        raise _refused(why)


def _refused(why: str) -> UserError:
    return UserError(
        f"no template gives others the ids that the model was trained with ({why}); where nothing parts texts that is "
        "a token of the template's own, they run together: train with another --chat_template"
    )


def _candidates(renderer: ChatRenderer) -> Iterator[str]:
    """The model's own template; the same with all settled that was settled in training; one of our making."""
    template = renderer.template
    if not template.is_dated:
        yield template.text
    thinks = "true" if template.thinking == "keep" else "false"
    yield f"{{%- set enable_thinking = {thinks} -%}}{template.printed_text}"
    with suppress(UserError):
        yield to_jinja(learn(renderer))


def _differences(renderer: ChatRenderer, say: Say, encode: Encode, contents: Sequence[str]) -> Iterator[str]:
    """What differs, of conversations with all that templates and tokenizers stumble over."""
    for said in _tried(contents):
        try:
            due = renderer.prompt(said)
        except UserError:
            continue
        try:
            found = encode(say(said))
        except UserError as error:
            yield str(error)
            continue
        if found != due:
            yield f"{renderer.decode(found)!r} is read where {renderer.decode(due)!r} is due"


def printed(renderer: ChatRenderer, text: str, messages: list[Message]) -> str:
    """What a template prints in the hands of others, who say nothing but that they want an answer."""
    from jinja2 import TemplateError

    shown = [{"role": each["role"], "content": each["content"]} for each in messages]
    try:
        found: str = renderer.tokenizer.apply_chat_template(
            shown, chat_template=text, tokenize=False, add_generation_prompt=True
        )
    except (TemplateError, TypeError) as error:
        raise UserError(f"it refuses a conversation: {error}") from error
    return found


def _tried(contents: Sequence[str]) -> Iterator[list[Message]]:
    for roles in _ROLES:
        for shift in range(len(contents)):
            yield [
                {"role": role, "content": contents[(shift + 3 * at) % len(contents)]} for at, role in enumerate(roles)
            ]
