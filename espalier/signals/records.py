"""What is kept of a run's watching: a monitor's signal, an answer at a check-in, a dialogue with itself."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Severity(enum.IntEnum):
    """How much a signal asks for attention; a policy says what is done about it."""

    NOTE = 1
    WARN = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """As it is written: note, warn, high."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One figure or finding of a monitor at a step."""

    name: str
    """What was looked at, after the monitor's own name: `rate`, `gender.interval_low`."""
    value: float | None = None
    """The figure, where there is one."""
    severity: Severity | None = None
    """None for a figure that is only followed."""
    said: str = ""
    """The finding in a sentence with its numbers, for what has a severity."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What it was found in, as JSON can hold it: texts, rows, places. Kept short enough to be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the model answered at a check-in."""

    asked: str
    """The prompt."""
    reply: str
    """Its answer; a continuation where the model learns text."""
    finish: str
    """`stop` where it ended by itself, `length` where it was cut off, `error` where it could not be asked."""
    prompt: int
    """The prompt's place in the configuration."""
    system: str | None = None
    """What it was told before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One turn of a dialogue of the model with itself."""

    role: str
    """`user` or `assistant`; `text` where the model learns text and has no roles."""
    said: str
    """What it said."""
    finish: str
    """As of an answer; `given` for an opening that it did not write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialogue:
    """A dialogue of the model with itself."""

    turns: Sequence[Turn]
    """From its opening on."""
    system: str | None = None
    """What it was told before."""

    @property
    def own(self) -> list[Turn]:
        """The turns that the model wrote."""
        return [turn for turn in self.turns if turn.finish not in ("given", "error")]
