"""Self-play: the model talks to itself in both roles, from openings that are given.

Where rows are chats, it answers as it is trained to, and says the learner's words by continuing the user's turn as the
chat template opens it (`ChatRenderer.can_write_as_user`). Where a template gives a user's turn no end that could be
told, the roles are exchanged, and it is asked for a reply to its own. Either way nothing of a user's turn is trained
where only replies are: what it says as the learner tells what it makes of the part, not what it was taught.

Where rows are texts, the opening is continued, and each line is a turn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

from espalier.errors import UserError
from espalier.generation.generate import Reply, context_of, generate
from espalier.signals.records import Dialogue, Turn
from espalier.text.chat import ChatRenderer, Speaker
from espalier.text.messages import Message
from training.config import SelfPlaySettings

_OTHER: dict[str, Literal["user", "assistant"]] = {"user": "assistant", "assistant": "user"}


def talk(
    model: Any,
    renderer: ChatRenderer,
    settings: SelfPlaySettings,
    seed: int,
    *,
    as_chat: bool,
    openings: Sequence[str],
) -> list[Dialogue]:
    """Dialogues from `openings`, which are taken in turn; none where there are none.

    Each turn draws from a generator of its own, which `seed` and the settings' seed decide. A dialogue ends before its
    last turn where the model says nothing, and where it cannot be asked (the context is full, or the template refuses
    what was said): that turn has finish `error`.
    """
    first = [openings[place % len(openings)] for place in range(settings.dialogues if openings else 0)]
    if as_chat:
        return _Talk(model, renderer, settings, seed).chat(first)
    return _texts(model, renderer, settings, seed, first)


class _Talk:
    """Chats that are held side by side, a turn of all of them at a time."""

    def __init__(self, model: Any, renderer: ChatRenderer, settings: SelfPlaySettings, seed: int) -> None:
        self._model, self._renderer, self._settings, self._seed = model, renderer, settings, seed
        self._told: list[Message] = [] if settings.system is None else [{"role": "system", "content": settings.system}]

    def chat(self, openings: Sequence[str]) -> list[Dialogue]:
        said = [[Turn(role="user", said=opening, finish="given")] for opening in openings]
        going = list(range(len(said)))
        for number in range(self._settings.turns):
            if not going:
                break
            role: Speaker = "user" if number % 2 else "assistant"
            seeds = [_seed(self._settings.seed, self._seed, place, number) for place in going]
            replies = self._next(role, [said[place] for place in going], seeds)
            for place, reply in zip(going, replies, strict=True):
                if reply.text or reply.finish == "error":
                    said[place].append(Turn(role=role, said=reply.text, finish=reply.finish))
            going = [place for place, reply in zip(going, replies, strict=True) if reply.text.strip()]
        return [Dialogue(turns=turns, system=self._settings.system) for turns in said]

    def _next(self, role: Speaker, dialogues: Sequence[Sequence[Turn]], seeds: Sequence[int]) -> list[Reply]:
        exchanged = role == "user" and not self._renderer.can_write_as_user
        asked = [self._messages(turns, exchanged=exchanged) for turns in dialogues]
        return generate(
            self._model,
            self._renderer,
            asked,
            max_new_tokens=self._settings.max_new_tokens,
            temperature=self._settings.temperature,
            seed=seeds,
            speaker="assistant" if exchanged else role,
        )

    def _messages(self, turns: Sequence[Turn], *, exchanged: bool) -> list[Message]:
        said = [{"role": _OTHER[turn.role] if exchanged else turn.role, "content": turn.said} for turn in turns]
        if exchanged and not _begins_with_a_reply(self._renderer):
            said = said[1:]
        return [*self._told, *said]


def _begins_with_a_reply(renderer: ChatRenderer) -> bool:
    """Whether the template lets the assistant speak first, as it does where roles are exchanged."""
    try:
        renderer.prompt([{"role": "assistant", "content": "x"}, {"role": "user", "content": "x"}])
    except UserError:
        return False
    return True


def _texts(
    model: Any, renderer: ChatRenderer, settings: SelfPlaySettings, seed: int, openings: Sequence[str]
) -> list[Dialogue]:
    """Openings continued in one piece of as many tokens as so many turns may have, and read line by line."""
    context = context_of(model)
    longest = max((len(renderer.text_prompt(opening)) for opening in openings), default=0)
    room = settings.turns * settings.max_new_tokens
    replies = generate(
        model,
        renderer,
        list(openings),
        max_new_tokens=room if context is None else max(settings.max_new_tokens, min(room, context - longest)),
        temperature=settings.temperature,
        seed=[_seed(settings.seed, seed, place) for place in range(len(openings))],
    )
    return [
        Dialogue(turns=[Turn(role="text", said=opening, finish="given"), *_lines(reply, settings.turns)])
        for opening, reply in zip(openings, replies, strict=True)
    ]


def _lines(reply: Reply, most: int) -> list[Turn]:
    """The lines of a continuation that hold something, each a turn; only the last may be cut off."""
    if reply.finish == "error":
        return [Turn(role="text", said="", finish="error")]
    *whole, last = reply.text.split("\n")
    turns = [Turn(role="text", said=line, finish="stop") for line in whole]
    turns.append(Turn(role="text", said=last, finish=reply.finish))
    return [turn for turn in turns if turn.said.strip()][:most]


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:7], "big")
