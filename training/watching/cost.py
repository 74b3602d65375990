"""What watching costs, of the time that a run takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from espalier.artifacts.run import Run
from espalier.command_line.console import say
from espalier.signals.records import Signal
from training.observers import Step

WATCH = "watch"
"""As whose signal it is kept what a look took."""
_DEAR, _AFTER_S = 0.05, 120.0
"""From which share of the time on, and after how much of it, it is told."""


class Cost:
    """Seconds that looks took since the process began to train."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun = time.monotonic()
        self._seconds = 0.0
        self._told = False

    @contextmanager
    def counted(self, step: Step, run: Run) -> Iterator[None]:
        """Inside, the time is that of watching; what one look took is kept as `watch.seconds`."""
        begun = time.monotonic()
        yield
        took = time.monotonic() - begun
        self._seconds += took
        run.signals.add_signals(step.number, WATCH, [Signal(name="seconds", value=round(took, 3))])
        self._tell()

    def _tell(self) -> None:
        passed = time.monotonic() - self._begun
        if not self._told and passed > _AFTER_S and self._seconds > _DEAR * passed:
            self._told = True
            share = f"{100 * self._seconds / passed:.0f} %"
            say(
                f"{self._name}: watching takes {share} of the time; espalier every {self._name} N makes it rarer, and "
                "monitors.on says what is watched for"
            )
