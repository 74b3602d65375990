"""A conversation with a model in the terminal: what `espalier chat` does."""

import sys
from typing import Any

from espalier.artifacts.run import saved_config
from espalier.command_line import console
from espalier.errors import UserError
from espalier.text.reasoning import silence, split

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
        """The model's answer to `line`, without thoughts before it; it ends in an ellipsis where it was cut off."""
        from espalier.generation.generate import generate

        prompt: str | list[Message] = line.replace("\\n", "\n")
        if not self._as_text:
            self._hear(line)
            prompt = self._messages
        reply = generate(self._model, self._renderer, [prompt], **self._sampling)[0]
        if reply.finish == "error":
            raise UserError(reply.error)
        if self._as_text:
            return _shown(reply.text, reply.finish)
        spoken = split(self._renderer.opening(reply.prompt_ids) + reply.text)
        why = silence(spoken.content, reply.finish, thought=True) if spoken.reasoning or spoken.unfinished else ""
        if why:
            self._messages.pop()  # as if the line had not been said: no template has a turn that is thoughts alone
            return f"({why})"
        self._messages.append({"role": "assistant", "content": spoken.content})
        return _shown(spoken.content, reply.finish)

    def _hear(self, line: str) -> None:
        heard = [*self._messages, {"role": "user", "content": line}]
        kept = fit(heard, self._renderer, self._room)
        forgotten = len(heard) - len(kept)
        if forgotten:
            note = f"({forgotten} earlier messages no longer fit the context and are forgotten)"
            print(note, file=sys.stderr)  # on a pipe, stdout carries the replies alone
        self._messages = kept


def _shown(text: str, finish: str) -> str:
    return text + (" …" if finish == "length" else "")


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

    A run that was trained on plain text only, or any model with `as_text`, continues what is typed.
    `sampling` goes to `espalier.generation.generate.generate`: max_new_tokens, temperature, seed.
    """
    from espalier.models.devices import check_here
    from espalier.models.loading import load_for_inference, resolve
    from espalier.text.chat_template import read_template

    check_here(device)
    found = resolve(name, unfinished=True)
    if "@" in found.name and "@" not in name:
        print(f"{name} is not complete; this is how it was at {found.name}", file=sys.stderr)
    as_text = as_text or (found.kind == "run" and saved_config(found.name.partition("@")[0]).get("rows") == "text")
    template = read_template(chat_template) if chat_template else None
    model, renderer = load_for_inference(found.spec, device, load_in_4bit=load_in_4bit, chat_template=template)
    conversation = Conversation(model, renderer, system=system, as_text=as_text, **sampling)
    if once is not None:
        console.say(conversation.answer(once))
        return
    interactive = sys.stdin.isatty()
    if interactive:
        import readline  # noqa: F401, gives input() a history and arrow keys

        how = "what you type is continued, \\n is a new line" if as_text else "/new begins a new conversation"
        console.say(f"This is {name}: {how}, Ctrl+D ends.")
    while (line := _read("> " if interactive else "")) is not None:
        if line == "/new":
            conversation.begin()
        elif line:
            try:
                console.say(conversation.answer(line))
            except UserError as error:
                if not interactive:
                    raise
                console.say(f"({error})")


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
