"""Monitors made of one function, and a run's configuration."""

from collections.abc import Callable, Iterable
from typing import Any

from espalier.signals.records import Signal
from training.config import MonitorSettings, TrainConfig
from training.monitors.base import Look, MonitorKind


class Toy:
    """Says what a function says."""

    def __init__(self, says: Callable[[Look], Iterable[Signal]]) -> None:
        self.look = says


def toy(name: str, says: Callable[[Look], Iterable[Signal]], every: int = 1) -> MonitorKind:
    """A monitor that says what a function says."""
    return MonitorKind(name=name, looks_at="", evidence="", make=lambda config: Toy(says), every=every)


def settings(steps: int = 100, checkin: dict[str, Any] | None = None, **monitors: Any) -> TrainConfig:
    """A configuration with these keys of monitors."""
    about = {"name": "r", "mix": "m", "base": "b", "steps": steps, "checkin": checkin or {}}
    return TrainConfig.model_validate({**about, "monitors": MonitorSettings(**monitors)})
