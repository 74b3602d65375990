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


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A row of the store."""

    id: int
    """Its number in its table; numbers rise and none is given twice."""
    step: int
    """The step after which it was written."""
    at: str
    """When, in UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptSignal(Kept):
    """A signal, and whose it is."""

    monitor: str
    """The monitor."""
    signal: Signal
    """What it found."""

    @property
    def name(self) -> str:
        """`monitor.name`, as a history calls it."""
        return f"{self.monitor}.{self.signal.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptAnswer(Kept):
    """An answer at a check-in."""

    said: Said
    """The answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptDialogue(Kept):
    """A dialogue; its id is that of its last turn."""

    dialogue: Dialogue
    """The dialogue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event(Kept):
    """Something that was done, by the run or by whoever watches it."""

    who: str
    """`run` or `operator`."""
    what: str
    """In a word or two: alarm, paused, resumed, stopped, checkpoint, interval, monitor disabled, reflection."""
    said: str
    """In a sentence."""
    evidence: Mapping[str, Any]
    """What it rests on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture(Kept):
    """What was measured inside the model."""

    what: str
    """What is shown: `probes`, say."""
    value: Any
    """The figures, as JSON can hold them."""
