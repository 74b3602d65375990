"""Who speaks: a model on this machine or behind an endpoint, asked in batches through the evaluator's client and cache.

What was answered before comes from the cache, so that a step that was killed goes on where it was.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from pydantic import Field

from espalier.command_line.config import Config
from espalier.command_line.console import progress
from espalier.errors import UserError
from espalier.loops.lockstep import play_all, seed_of
from espalier.models.devices import Device
from evaluation.config import EndpointOptions
from research.self_improvement.families.family import Called, Challenge, Family, Messages, Playing
from research.self_improvement.records import Played, Said

if TYPE_CHECKING:
    from evaluation.backends.base import Backend
    from evaluation.cases.case import Reply

PREFIX = "UNLEASHED:"
"""What stands before a task in which to do better than what was imitated."""


class AskSettings(Config):
    """How models are asked: what of it decides no reply but how soon it comes, besides what it runs in."""

    device: Device = "cpu"
    """cpu, cuda, cuda:1 and so on, or auto."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto is bfloat16 on a GPU and float32 elsewhere."""
    threads: int = Field(1, ge=1)
    """CPU threads."""
    batch_size: int = Field(64, ge=1)
    """Replies generated at once."""
    load_in_4bit: bool = False
    """Load weights in 4 bits (NF4)."""
    chat_template: str | None = None
    """Builtin template or file, for models that have none."""
    workers: int = Field(4, ge=1, le=256)
    """Questions that an endpoint gets at once."""
    endpoint: EndpointOptions = EndpointOptions()
    """How an endpoint is asked."""

    @property
    def decides(self) -> dict[str, Any]:
        """What of it decides replies."""
        return {key: getattr(self, key) for key in ("dtype", "load_in_4bit", "chat_template")}


class Sampling(NamedTuple):
    """How replies are drawn."""

    temperature: float
    """0 takes the likeliest token each time."""
    max_new_tokens: int
    """A reply that has not ended after so many is cut."""
    top_p: float = 1.0
    """The share of probability that is kept."""


def prefixed(messages: Messages, prefix: str) -> Messages:
    """The same with `prefix` before what is asked; an empty one changes nothing."""
    if not prefix:
        return messages
    *before, asked = messages
    return [*before, asked | {"content": f"{prefix} {asked['content']}"}]


class Voice:
    """Somebody who can be asked; a context manager, which lets go of the weights at its end."""

    def __init__(self, backend: Backend, seed: int, prefix: str) -> None:
        self._backend, self._seed, self._prefix = backend, seed, prefix
        self.failed = Counter[str]()
        """How many had no reply, by why; silence is a reply."""

    @classmethod
    def open(cls, reference: str, sampling: Sampling, how: AskSettings, *, seed: int = 0, prefix: str = PREFIX) -> Self:
        """The model that `reference` names: a run, a folder, a hub name, or openai:NAME@URL. UserError for nobody."""
        import torch

        from evaluation.backends.speaker import open_speaker
        from evaluation.cases.suite import Generation

        torch.set_num_threads(how.threads)
        asked = how.model_dump(exclude={"threads"})
        return cls(open_speaker(reference, Generation(**sampling._asdict()), how=asked), seed, prefix)

    @property
    def name(self) -> str:
        """What it is called."""
        return self._backend.name

    @property
    def made_from(self) -> dict[str, str]:
        """What it is, as an artifact names its parents."""
        from evaluation.cases.trained_on import made_from

        return made_from([self._backend.identity], None, ())

    def asked(self, messages: Messages) -> Messages:
        """What it reads where it is asked this."""
        return prefixed(messages, self._prefix)

    def says(
        self,
        conversations: Sequence[Messages],
        keys: Sequence[str],
        *,
        may_fail: bool = False,
    ) -> list[Reply]:
        """Its replies, each drawn by a seed of its own key alone. One that failed says nothing, and is counted.

        UserError where nobody is there, or where all fail, unless they `may_fail`.
        """
        from evaluation.backends.base import Ask
        from evaluation.cache import Cache
        from evaluation.cases.case import Case
        from evaluation.play import answers

        asks = [
            Ask(case=Case(name=key, messages=self.asked(each)), turn=0, sample=0, seed=seed_of(self._seed, key))
            for each, key in zip(conversations, keys, strict=True)
        ]
        with Cache() as cache:
            replies = answers(self._backend, asks, cache, lambda known: None)
        errors = [reply.error for reply in replies if reply.finish == "error"]
        self.failed.update(errors)
        if replies and len(errors) == len(replies) and not may_fail:
            raise UserError(f"{self.name} gave no reply at all; the first time because: {errors[0]}")
        return [replace(reply, text=_whole(reply.text)) for reply in replies]

    def close(self) -> None:
        """Let go of the weights."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def perform(
    families: Mapping[str, Family],
    challenges: Sequence[Challenge],
    numbers: Iterable[int],
    voice: Voice,
    *,
    seed: int,
) -> list[Played]:
    """Each challenge performed so often, all in lockstep, in the challenges' order.

    What is left to chance in a challenge, such as what others do in a game, is the same each time: what differs between
    its performances is what was said. The first time it is said differently is then what made the difference.
    """
    wanted = [(challenge, number) for challenge in challenges for number in numbers]
    said: list[list[Said]] = [[] for _ in wanted]
    silences = [""] * len(wanted)
    playing: list[Playing] = [
        families[challenge.family].play(challenge, random.Random(seed_of(seed, challenge.id)))
        for challenge, _ in wanted
    ]
    with progress(len(wanted), voice.name) as bar:

        def says(called: Sequence[Called], places: Sequence[tuple[int, int]]) -> list[str]:
            keys = [f"{wanted[place][0].id}/{wanted[place][1]}/{turn}" for place, turn in places]
            replies = voice.says([each.messages for each in called], keys)
            for (player, messages), (place, _), reply in zip(called, places, replies, strict=True):
                said[place].append(Said(player, voice.asked(messages), reply.text))
                silences[place] = silences[place] or reply.error or reply.silence
            return [reply.text for reply in replies]

        over = play_all(playing, says, tell=lambda done: bar.update(done, {}))
    return [
        Played(
            challenge=challenge.id,
            number=number,
            model=voice.name,
            performance=performance,
            said=tuple(turns),
            silence=silence,
        )
        for (challenge, number), performance, turns, silence in zip(wanted, over, said, silences, strict=True)
    ]


def _whole(text: str) -> str:
    """What can be written down: JSON of a server can spell half a character."""
    return text.encode("utf-8", "replace").decode()
