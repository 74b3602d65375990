"""A conversation with a model in the terminal: what `espalier chat` does."""

import sys
from typing import Any

from espalier import console
from espalier.errors import UserError

Message = dict[str, str]


class Conversation:
    """What was said so far, and who answers. With `as_text`, a line is continued as plain text and nothing kept."""

    def __init__(
        self, model: Any, renderer: Any, *, system: str | None, as_text: bool, max_new_tokens: int, **sampling: Any
    ) -> None:
        self._model, self._renderer, self._as_text = model, renderer, as_text
        self._beginning = [{"role": "system", "content": system}] if system else []
        context = int(getattr(model.config, "max_position_embeddings", 1 << 20))
        max_new_tokens = min(max_new_tokens, context // 2)
        self._room = context - max_new_tokens
        self._sampling = {"max_new_tokens": max_new_tokens, **sampling}
        self.begin()

    def begin(self) -> None:
        """Forget what was said."""
        self._messages = list(self._beginning)

    def answer(self, line: str) -> str:
        """The model's answer to `line`; it ends in an ellipsis where it was cut off."""
        from espalier.generate import generate

        self._messages.append({"role": "user", "content": line})
        if not self._as_text:
            self._forget()
        prompt = line if self._as_text else self._messages
        reply = generate(self._model, self._renderer, [prompt], **self._sampling)[0]
        self._messages.append({"role": "assistant", "content": reply.text})
        return reply.text + (" …" if reply.finish == "length" else "")

    def _forget(self) -> None:
        kept = fit(self._messages, self._renderer, self._room)
        forgotten = len(self._messages) - len(kept)
        if forgotten:
            console.say(f"({forgotten} earlier messages no longer fit the context and are forgotten)")
        self._messages = kept


def talk(
    name: str,
    *,
    once: str | None,
    system: str | None,
    as_text: bool,
    chat_template: str | None,
    device: str,
    load_in_4bit: bool,
    **sampling: Any,
) -> None:
    """Answer `once`, or what is typed until the end of input; on a pipe, print the replies and nothing else.

    `sampling` goes to `espalier.generate.generate`: max_new_tokens, temperature, seed.
    """
    from espalier.chat import read_template
    from espalier.models import load_for_inference

    template = read_template(chat_template) if chat_template else None
    model, renderer = load_for_inference(name, device, load_in_4bit=load_in_4bit, chat_template=template)
    conversation = Conversation(model, renderer, system=system, as_text=as_text, **sampling)
    if once is not None:
        console.say(conversation.answer(once))
        return
    interactive = sys.stdin.isatty()
    if interactive:
        console.say(f"This is {name}. Type a message; /new begins a new conversation, Ctrl+D ends.")
    while (line := _read("> " if interactive else "")) is not None:
        if line == "/new":
            conversation.begin()
        elif line:
            console.say(conversation.answer(line))


def fit(messages: list[Message], renderer: Any, room: int) -> list[Message]:
    """The latest messages whose prompt has at most `room` tokens: the oldest exchanges go, the system message stays."""
    first = 1 if messages[0]["role"] == "system" else 0
    kept = messages
    while len(renderer.prompt(kept)) > room:
        if len(kept) <= first + 1:
            raise UserError(f"this message is longer than the model's context leaves room for ({room} tokens)")
        kept = kept[:first] + kept[first + 2 :]
    return kept


def _read(prompt: str) -> str | None:
    try:
        return input(prompt).strip()
    except EOFError:
        return None
