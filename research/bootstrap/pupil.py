"""The pupil: a trunk, or an adapter on one at some strength, that goes on with a transcript where Basil speaks next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from espalier.errors import UserError
from espalier.generation.generate import Reply, generate
from espalier.models.adapters import scale
from espalier.models.loading import load_for_inference
from espalier.text.chat import ChatRenderer
from research.bootstrap.classroom.asking import PUPIL

CALL = f"{PUPIL}:"
"""What a transcript ends with where the pupil speaks next."""


@dataclass(frozen=True, kw_only=True)
class Pupil:
    """A model that speaks Basil's lines."""

    name: str
    """What it is called where it cannot speak."""
    model: Any
    renderer: ChatRenderer

    @classmethod
    def open(cls, ref: str, *, strength: float = 1.0, device: str = "cpu") -> Pupil:
        """The model named by `ref`; an adapter counts `strength` times, and with 0 not at all.

        UserError where there is no such model, or where its adapter cannot be scaled.
        """
        model, renderer = load_for_inference(ref, device)
        if hasattr(model, "peft_config"):
            scale(model, strength)
        return cls(name=ref, model=model, renderer=renderer)

    def says(
        self,
        transcripts: Sequence[str],
        *,
        seeds: Sequence[int],
        temperature: float,
        max_new_tokens: int | Sequence[int],
        batch_size: int = 128,
    ) -> list[Reply]:
        """One line for each transcript, all of which end with `CALL`, drawn by its own seed, greedily at temperature 0.

        A line ends with its line break, which is no part of it (finish `stop`), or after `max_new_tokens`, of all or
        of each (`length`).
        UserError where the pupil cannot go on with one. What random weights say is any bytes: those that nobody could
        write down stand as U+FFFD.
        """
        longest = [max_new_tokens] * len(transcripts) if isinstance(max_new_tokens, int) else list(max_new_tokens)
        said: dict[int, Reply] = {}
        for length in sorted(set(longest)):
            places = [place for place, each in enumerate(longest) if each == length]
            replies = generate(
                self.model,
                self.renderer,
                [transcripts[place] for place in places],
                seed=[seeds[place] for place in places],
                temperature=temperature,
                max_new_tokens=length,
                batch_size=batch_size,
                until="\n",
            )
            if failed := next((reply.error for reply in replies if reply.finish == "error"), None):
                raise UserError(f"{self.name} cannot speak here: {failed}")
            said |= zip(places, replies, strict=True)
        return [replace(said[place], text=_writable(said[place].text)) for place in range(len(transcripts))]


def _writable(text: str) -> str:
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
