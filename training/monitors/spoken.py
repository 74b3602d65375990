"""What a model said by itself at a look, each with what it was said to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from training.monitors.base import Look

_SHOWN = 400
_NOT = re.compile(
    r"\b(?:no|not|without|never|avoid|sin|nunca|evita|ni)\b[^.?!\n]{0,25}$|n['’]t\b[^.?!\n]{0,25}$", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """An answer, or a turn that the model wrote in a dialogue with itself."""

    text: str
    """What it said."""
    asked: str
    """The prompt, with what it was told before, or the turn before."""
    earlier: tuple[str, ...]
    """What it wrote itself in this dialogue before."""
    where: Mapping[str, int]
    """The prompt's place, or the dialogue's and the turn's."""

    def asks_for(self, what: re.Pattern[str]) -> bool:
        """Whether it was asked for something: not where it was asked to leave it."""
        return any(not _NOT.search(self.asked[: found.start()]) for found in what.finditer(self.asked))

    @property
    def evidence(self) -> dict[str, Any]:
        """It as it is kept, not longer than can be read."""
        return {**self.where, "asked": _short(self.asked), "said": _short(self.text)}


def spoken(look: Look) -> Iterator[Spoken]:
    """All of it, answers first; what could not be asked is left out."""
    for answer in look.answers:
        if answer.finish != "error":
            asked = "\n".join(filter(None, [answer.system, answer.asked]))
            yield Spoken(text=answer.reply, asked=asked, earlier=(), where={"prompt": answer.prompt})
    for place, dialogue in enumerate(look.dialogues):
        earlier: tuple[str, ...] = ()
        before = dialogue.system or ""
        for number, turn in enumerate(dialogue.turns):
            if turn.finish not in ("given", "error"):
                where = {"dialogue": place, "turn": number}
                yield Spoken(text=turn.said, asked=before, earlier=earlier, where=where)
                earlier = (*earlier, turn.said)
            before = f"{dialogue.system}\n{turn.said}" if dialogue.system else turn.said


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
