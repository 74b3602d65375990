"""What was kept of a run's watching, as a page asks for it: what is new, or the piece before what it has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from espalier.errors import UserError
from espalier.signals import tables
from espalier.signals.followed import FollowedStore
from espalier.signals.records import Picture
from espalier.signals.store import FILE
from explore.figures import Series

_MOST = 300
"""Rows that a page gets at once."""
_PIECE = 48 * 1024
"""Bytes of the journal that a page gets at once."""
T = TypeVar("T")


class Record:
    """The signal history and the journal of a run, read while they are written."""

    def __init__(self, folder: Path) -> None:
        self._file, self._journal = folder / FILE, folder / "journal.md"
        self._series: dict[str, _Known] = {}
        self._lock = threading.Lock()
        self.trouble = ""
        """Why the signal history cannot be read, where it cannot."""

    def marks(self) -> dict[str, int]:
        """How far each table has come, by its last id, and the journal in bytes."""
        found = self._ask(FollowedStore.last_ids, dict.fromkeys(tables.COLUMNS, 0))
        try:
            size = self._journal.stat().st_size
        except OSError:
            size = 0
        return {**found, "journal": size}

    def names(self) -> list[str]:
        """The figures that monitors follow, as `monitor.name`."""
        return self._ask(FollowedStore.names, [])

    def series(self, name: str) -> Series | None:
        """Steps and values of one of them."""
        with self._lock:
            known = self._series.get(name) or _Known()
            found = self._ask(lambda store: known.followed(store, name), known)
            self._series[name] = found
            return found.series if len(found.series[0]) else None

    def happened(self, before: int | None) -> dict[str, Any]:
        """Findings with a severity, the newest first, and events: pauses, checkpoints, words of the operator."""
        alarms: list[dict[str, Any]] = []
        return {
            "alarms": self._ask(lambda store: store.newest("signals", _MOST, before_id=before, severe=True), alarms),
            "events": self.newest("events", None),
        }

    def newest(self, table: str, before: int | None) -> list[dict[str, Any]]:
        """The last rows of a table, or the last before one; the newest first."""
        return self._ask(lambda store: store.newest(table, _MOST, before_id=before), [])

    def pictures(self) -> dict[str, list[int]]:
        """Of what there are pictures, and after which steps."""
        found: dict[str, list[int]] = {}
        nothing: list[tuple[str, int]] = []
        for what, step in self._ask(FollowedStore.pictured, nothing):
            found.setdefault(what, []).append(step)
        return found

    def picture(self, what: str, step: int) -> Any:
        """One of them; None where there is none."""
        nothing: list[Picture] = []
        found = self._ask(lambda store: store.pictures(what, since_step=step, until_step=step), nothing)
        return found[-1].value if found else None

    def journal(self, before: int | None) -> dict[str, Any]:
        """A piece of the journal, its end where `before` (a place in bytes) is not given, and where that begins."""
        try:
            with open(self._journal, "rb") as file:
                end = min(file.seek(0, 2), before if before is not None else 2**62)
                begin = max(0, end - _PIECE)
                file.seek(begin)
                content = file.read(end - begin)
        except OSError:
            return {"text": "", "begin": 0}
        cut = content.find(b"\n## ") + 1 if begin else 0
        return {"text": content[cut:].decode("utf-8", "replace"), "begin": begin + cut}

    def _ask(self, question: Callable[[FollowedStore], T], otherwise: T) -> T:
        self.trouble = ""
        if not self._file.is_file():
            return otherwise
        try:
            with FollowedStore.read(self._file.parent) as store:
                return question(store)
        except UserError as error:
            self.trouble = str(error)
            return otherwise


@dataclass(frozen=True, slots=True)
class _Known:
    """A figure as far as it was read, up to the row `last`."""

    last: int = 0
    series: Series = field(default_factory=lambda: (np.empty(0, np.int64), np.empty(0, np.float64)))

    def followed(self, store: FollowedStore, name: str) -> _Known:
        """It with what came since; read anew where what was read is gone, as when a run went on from before."""
        known = _Known() if self.last and not store.has(self.last) else self
        rows = store.rows_of(name, known.last)
        if not rows:
            return known
        steps, values = np.array([row[1] for row in rows], np.int64), np.array([row[2] for row in rows], np.float64)
        return _Known(
            last=rows[-1][0],
            series=(np.concatenate([known.series[0], steps]), np.concatenate([known.series[1], values])),
        )
