"""The figures of a run as they are logged, in memory, and as few of them as a chart has pixels.

A training may log a million points. They are read once, as they come, and a chart is given for each of its pixels the
least, the greatest and the mean of what lies under it: a spike of a single step is still seen.
"""

from __future__ import annotations

import os
import threading
import time
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

_AT_ONCE = 4 * 2**20
"""Bytes that are read before others may have a turn."""
_DENSE = 2
"""So many points to a pixel are still drawn as they are."""
Series = tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]
"""Steps, ascending, and what was found at each."""


@dataclass(slots=True)
class _Column:
    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    taken: Series | None = None


class Figures:
    """What `metrics.jsonl` says, followed while it grows, and begun anew where it was cut back or replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._columns: dict[str, _Column] = {}
        self._file: tuple[int, int] | None = None
        self._place = 0
        self.rows = 0
        """Lines read."""
        self.behind = 0
        """Bytes that are there and not read yet."""

    def read(self, seconds: float = 0.5) -> None:
        """Take in what is new, or what of it can be read in so many seconds: `behind` says how much is left."""
        begun = time.monotonic()
        while True:
            with self._lock:
                try:
                    with open(self.path, "rb") as file:
                        self._read(file)
                except OSError:
                    self._forget()
            if not self.behind or time.monotonic() - begun > seconds:
                return

    def _read(self, file: Any) -> None:
        found = os.fstat(file.fileno())
        identity = found.st_dev, found.st_ino
        if self._file != identity or found.st_size < self._place:
            self._forget()
            self._file = identity
        file.seek(self._place)
        content = file.read(_AT_ONCE)
        whole = content.rfind(b"\n") + 1
        if not whole and len(content) == _AT_ONCE:
            whole = len(content)  # a line of megabytes is none of ours
        for line in content[:whole].splitlines():
            self._take(line)
        self._place += whole
        self.behind = found.st_size - self._place if whole else 0

    def _take(self, line: bytes) -> None:
        try:
            facts = orjson.loads(line)
            step = facts.pop("step")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return
        if type(step) is not int or not 0 <= step < 2**63:
            return
        self.rows += 1
        for name, value in facts.items():
            if type(value) is float or type(value) is int:
                column = self._columns.get(name)
                if column is None:
                    column = self._columns[name] = _Column()
                if not column.steps or step >= column.steps[-1]:
                    column.steps.append(step)
                    column.values.append(value)

    def names(self) -> list[str]:
        """What is logged, in the order in which it was first."""
        with self._lock:
            return list(self._columns)

    def series(self, name: str) -> Series | None:
        """Steps and values of one figure; None where there is none of that name."""
        with self._lock:
            column = self._columns.get(name)
            if column is None:
                return None
            if column.taken is None or len(column.taken[0]) != len(column.steps):
                column.taken = np.array(column.steps, dtype=np.int64), np.array(column.values, dtype=np.float64)
            return column.taken

    @property
    def last_step(self) -> int:
        """The last step that a figure was logged of."""
        with self._lock:
            return max((column.steps[-1] for column in self._columns.values()), default=0)


def thinned(series: Series, first: int, last: int, width: int) -> dict[str, Any]:
    """What a chart of `width` pixels shows of a figure from one step to another, both included.

    As it is (`steps`, `values`) where it has room for all; else for each pixel under which there is something the step
    in its middle, and of the values the least, the greatest and the mean (`steps`, `low`, `high`, `values`).
    """
    steps, values = series
    begin, end = int(np.searchsorted(steps, first)), int(np.searchsorted(steps, last, "right"))
    steps, values = steps[begin:end], values[begin:end]
    if len(steps) <= _DENSE * width:
        return {"points": len(steps), "steps": steps.tolist(), "values": values.tolist()}
    edges = np.linspace(first, last + 1, width + 1)
    starts = np.unique(np.searchsorted(steps, edges[:-1]))
    starts = starts[starts < len(steps)]
    counts = np.diff(np.append(starts, len(steps)))
    ends = starts + counts - 1
    return {
        "points": len(steps),
        "steps": ((steps[starts] + steps[ends]) / 2).tolist(),
        "values": (np.add.reduceat(values, starts) / counts).tolist(),
        "low": np.minimum.reduceat(values, starts).tolist(),
        "high": np.maximum.reduceat(values, starts).tolist(),
    }
