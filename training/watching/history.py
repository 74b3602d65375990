"""What the monitors of a run found so far, in memory: read once from what an earlier process kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from espalier.artifacts.run import Run
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.signals.records import KeptSignal, Severity, Signal


class Past:
    """The history that monitors are shown, and which finding was last made when."""

    def __init__(self, kept: Iterable[KeptSignal] = ()) -> None:
        self._series: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._kept: dict[str, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
        self._raised: dict[str, tuple[int, Severity]] = {}
        for each in kept:
            self.add(each.step, each.monitor, each.signal)

    def series(self, name: str) -> Sequence[tuple[int, float]]:
        """Step and value of a figure so far, by `monitor.name`, oldest first."""
        return self._series.get(name, ())

    def kept(self, name: str) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """Step and evidence of each signal so far that has any, by `monitor.name`, oldest first."""
        return self._kept.get(name, ())

    def raised(self, monitor: str, name: str) -> tuple[int, Severity] | None:
        """When a finding was last made, and how grave it was."""
        return self._raised.get(f"{monitor}.{name}")

    def add(self, step: int, monitor: str, signal: Signal) -> None:
        """Remember what was found."""
        name = f"{monitor}.{signal.name}"
        if signal.value is not None:
            self._series[name].append((step, signal.value))
        if signal.evidence:
            self._kept[name].append((step, signal.evidence))
        if signal.severity is not None:
            self._raised[name] = step, signal.severity


def kept_before(run: Run) -> list[KeptSignal]:
    """What an earlier process of the run found; nothing, and that is said, where it cannot be read."""
    if not run.resumed:
        return []
    try:
        return run.signals.signals()
    except UserError as error:
        say(f"{error}; monitors begin anew")
        return []
