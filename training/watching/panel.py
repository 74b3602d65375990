"""A run's monitors, asked one by one. One that fails is said, and left out after three failures in a row."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from espalier.artifacts.run import Run
from espalier.command_line.console import printable, say
from espalier.signals.records import Signal
from espalier.signals.tables import as_json, of_signal
from training.monitors.base import History, Look, Measured, Monitor, MonitorKind
from training.observers import Step

_MOST_FAILURES, _LONGEST = 3, 400
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A signal, and whose it is."""

    monitor: str
    """The monitor."""
    signal: Signal
    """What it found."""


class Panel:
    """The monitors of a run."""

    def __init__(self, made: Mapping[str, tuple[MonitorKind, Monitor]], run: Run) -> None:
        self._monitors, self._run = made, run
        self._failures: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._monitors)

    def every(self, monitor: str) -> int:
        """Looks from one of a monitor's to its next."""
        return self._monitors[monitor][0].every

    def step(self, step: Step, history: History) -> list[Found]:
        """What those find who want the figures of every step."""
        return self._asked(
            step,
            {
                name: lambda ask=ask: ask(step, history)  # type: ignore[misc]
                for name, (_, monitor) in self._monitors.items()
                if (ask := getattr(monitor, "step", None)) is not None
            },
        )

    def look(self, look: Look, number: int) -> list[Found]:
        """What those find who are due at this look, by its number."""
        always = look.step.number == 0 or look.step.last
        return self._asked(
            look.step,
            {
                name: lambda monitor=monitor: monitor.look(look)  # type: ignore[misc]
                for name, (kind, monitor) in self._monitors.items()
                if always or number % kind.every == 0
            },
        )

    def _asked(self, step: Step, monitors: Mapping[str, Callable[[], Iterable[Signal | Measured]]]) -> list[Found]:
        found = []
        for name, ask in monitors.items():
            given = self.attempt(f"monitor {name}", step.number, lambda: [_read_back(each) for each in ask()])  # noqa: B023
            for each in given or ():
                if isinstance(each, Measured):
                    self._run.signals.add_picture(step.number, each.what, each.value)
                else:
                    found.append(Found(monitor=name, signal=each))
        return found

    def attempt(self, what: str, step: int, work: Callable[[], T]) -> T | None:
        """What `work` gives; None, and that is said, where it fails, and where it failed too often before."""
        if self._failures[what] >= _MOST_FAILURES:
            return None
        try:
            done = work()
        except Exception as error:  # whatever is wrong with who watches, training goes on
            self._failed(what, step, error)
            return None
        self._failures[what] = 0
        return done

    def _failed(self, what: str, step: int, error: Exception) -> None:
        self._failures[what] += 1
        where = traceback.extract_tb(error.__traceback__)[-1]
        evidence = {"error": f"{type(error).__name__}: {error}", "at": f"{where.filename}:{where.lineno}"}
        said = printable(f"{what} failed at step {step}: {evidence['error']} ({evidence['at']})", most=_LONGEST)
        disabled = self._failures[what] >= _MOST_FAILURES
        if disabled:
            said += f"; it failed {_MOST_FAILURES} times in a row, and is left out from now on"
        say(said)
        self._run.happened(step, "run", "monitor disabled" if disabled else "monitor failed", said, evidence)


def _read_back(found: Any) -> Signal | Measured:
    """A signal as it will be read again, so that a monitor remembers the same whether or not its run was resumed."""
    if isinstance(found, Measured):
        return replace(found, value=json.loads(as_json(found.value)))
    if not isinstance(found, Signal):
        raise TypeError(f"it gave {type(found).__name__}, no Signal")
    _, _, value, _, said, evidence = of_signal("", found)
    return replace(found, value=value, said=str(said), evidence=json.loads(evidence))
