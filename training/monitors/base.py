"""A monitor is shown a model as it stands, and says what it finds; a policy decides what is done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from data_mix.packing.pack import Pack
from espalier.command_line.config import Config
from espalier.discover import discover
from espalier.signals.records import Dialogue, Said, Signal
from espalier.text.chat import ChatRenderer
from training.config import TrainConfig
from training.observers import Step


class History(Protocol):
    """What the monitors of a run found before, also before it was interrupted."""

    def series(self, name: str) -> Sequence[tuple[int, float]]:
        """Step and value of a figure so far, by `monitor.name`, oldest first."""

    def kept(self, name: str) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """Step and evidence of each signal so far that has any, by `monitor.name`, oldest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a monitor is shown: the model between two steps, and what it just said."""

    step: Step
    """The step after which it is looked at; `step.model` is in evaluation, without gradients, and stays as it is."""
    renderer: ChatRenderer
    """Messages and texts to tokens, as they are trained."""
    as_chat: bool
    """Whether the model learns chats; else it continues text."""
    answers: Sequence[Said]
    """Its answers at this check-in."""
    dialogues: Sequence[Dialogue]
    """Its dialogues with itself."""
    packs: Mapping[str, Pack]
    """What it is trained on (`train`) and held-out rows, by split."""
    config: TrainConfig
    """Its run's configuration."""
    history: History
    """What was found before."""
    seed: int
    """Of whatever a monitor draws: the same at this step whenever the run is made again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a monitor measured inside the model, for pictures over steps: the store's `pictures`."""

    what: str
    """What is shown: `probes`, say."""
    value: Any
    """The figures, as JSON can hold them."""


class Monitor(Protocol):
    """A monitor of one run. Made anew in every process of it: what it wants to remember it reads from the history."""

    def look(self, look: Look) -> Iterable[Signal | Measured]:
        """What there is to say of the model now."""


class StepMonitor(Monitor, Protocol):
    """A monitor that wants the figures of every step besides."""

    def step(self, step: Step, history: History) -> Iterable[Signal]:
        """What there is to say of the step; called after each of them, so it costs microseconds and reads the history
        once, if at all."""


@dataclass(frozen=True, kw_only=True)
class MonitorKind:
    """A monitor as its file declares it, `MONITOR = MonitorKind(…)`."""

    name: str
    """What a policy and a signal call it."""
    looks_at: str
    """What it looks at, in half a sentence for the user."""
    evidence: str
    """What it keeps when it finds something."""
    make: Any
    """`(config: TrainConfig) -> Monitor`; `(config, settings)` where it has settings."""
    every: int = 1
    """It looks at every so many-th look of the run: dear ones more seldom."""
    in_all: bool = True
    """Whether `all` takes it; else it is made where it is named."""
    settings: type[Config] | None = None
    """Its own keys, which a policy file gives under `settings: {NAME: …}`; None where it has none."""

    def made(self, config: TrainConfig, settings: Config | None = None) -> Monitor:
        """The monitor of a run, with its settings or the usual ones."""
        made: Monitor = self.make(config, settings or self.settings()) if self.settings else self.make(config)
        return made


def monitors() -> dict[str, MonitorKind]:
    """All there are, by name."""
    return discover(
        "training.monitors",
        lambda value: isinstance(value, MonitorKind),
        home=lambda kind: kind.make,
        name=lambda kind: kind.name,
    )
