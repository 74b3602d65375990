"""A person at this terminal, who answers what models are asked, and sees no more than they do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from unicodedata import category

from espalier.errors import UserError
from evaluation.backends.base import Ask, Given
from evaluation.cases.case import Messages, Reply
from evaluation.opener import opens

if TYPE_CHECKING:
    from rich.console import Console

_SKIP = "/skip"
_SPEAKERS = {"system": ("instructions", "dim"), "user": ("learner", "cyan"), "assistant": ("tutor", "green")}
_HELP = (
    f"You are the tutor. An empty line ends a reply, {_SKIP} passes a case over, Ctrl+D stops; what is done is kept."
)


class Human:
    """A person; `human:NAME` says who, so that two persons' replies are kept apart."""

    is_model: ClassVar[bool] = True
    ref: ClassVar[None] = None
    supports_texts: ClassVar[bool] = False
    """Nobody knows how likely a text is."""
    interactive: ClassVar[bool] = True
    """The terminal is taken: no progress bar beside it."""

    def __init__(self, reference: str) -> None:
        kind, colon, name = reference.partition(":")
        if kind != "human" or (colon and not name.strip()):
            raise UserError(f"{reference}: wants human or human:NAME")
        self.name = name.strip() or "human"

    @property
    def identity(self) -> dict[str, Any]:
        """The name alone: what a person knows has no hash."""
        return {"kind": "human", "spec": f"human:{self.name}", "content_hash": f"human:{self.name}"}

    def key(self, ask: Ask) -> dict[str, Any]:
        """The person, the conversation, and which of several replies it is. UserError for a case that wants
        likelihoods."""
        if ask.case.texts:
            raise UserError(f"human: case {ask.case.name} wants the likelihood of texts, which nobody can tell")
        return {"kind": "human", "name": self.name, "messages": ask.case.messages, "sample": ask.sample}

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """Replies as they are typed; a case that is passed over is an error of its own.

        UserError where nobody sits at a terminal, and where the person stops.
        """
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UserError("human: wants a person at a terminal, and this is none; run the command in one")
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False)
        console.print(Text(_HELP, style="bold"))
        for place, ask in enumerate(asks):
            console.rule(Text(f"{self.name}: {place + 1} of {len(asks)}"))
            _show(console, ask.case.messages)
            lines, ended = _read()
            if lines:
                yield place, _reply(lines)
            if ended:
                done = place + bool(lines)
                raise UserError(
                    f"stopped after {done} of {len(asks)} replies; they are kept, and the same command goes on"
                )

    def close(self) -> None:
        """Holds nothing."""


def _show(console: Console, messages: Messages) -> None:
    """What was said so far. It may come from anywhere, so neither markup nor control codes of it take effect."""
    from rich.text import Text

    for message in messages:
        speaker, style = _SPEAKERS.get(message["role"], (message["role"], "dim"))
        said = "".join(char for char in message["content"] if category(char) != "Cc" or char in "\n\t")
        console.print(Text.assemble((f"{speaker}: ", f"bold {style}"), said))


def _read() -> tuple[list[str], bool]:
    """The lines of a reply up to an empty one, and whether Ctrl+D ended them."""
    lines: list[str] = []
    while True:
        try:
            line = input("> ").rstrip()
        except EOFError:
            return lines, True
        if line:
            lines.append(line)
        elif lines:
            return lines, False
        if lines == [_SKIP]:
            return lines, False


def _reply(lines: list[str]) -> Reply:
    if lines == [_SKIP]:
        return Reply(text="", num_tokens=0, finish="error", error="skipped")
    return Reply(text="\n".join(lines), num_tokens=0, finish="stop")


@opens("human:NAME", "a person at this terminal; `human` alone is a person without a name")
def person(reference: str, given: Given) -> Human:
    """Whatever is asked."""
    return Human(reference)
