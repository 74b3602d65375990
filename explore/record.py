"""What was kept of a run's watching, as a page asks for it: what is new, or the piece before what it has."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from explore.figures import Series

_TABLES = ("signals", "answers", "turns", "events", "pictures")
_MOST = 300
"""Rows that a page gets at once."""
_PIECE = 48 * 1024
"""Bytes of the journal that a page gets at once."""
T = TypeVar("T")


class Record:
    """The signal history and the journal of a run, read while they are written."""

    def __init__(self, folder: Path) -> None:
        self._file, self._journal = folder / "signals.db", folder / "journal.md"
        self._series: dict[str, _Known] = {}
        self._lock = threading.Lock()
        self.trouble = ""
        """Why the signal history cannot be read, where it cannot."""

    def marks(self) -> dict[str, int]:
        """How far each table has come, by its last id, and the journal in bytes."""
        found = self._ask(lambda db: {name: _last(db, name) for name in _TABLES}, dict.fromkeys(_TABLES, 0))
        try:
            size = self._journal.stat().st_size
        except OSError:
            size = 0
        return {**found, "journal": size}

    def names(self) -> list[str]:
        """The figures that monitors follow, as `monitor.name`."""
        query = "SELECT DISTINCT monitor, name FROM signals WHERE value IS NOT NULL ORDER BY monitor, name"
        return self._ask(lambda db: [f"{monitor}.{name}" for monitor, name in db.execute(query)], [])

    def series(self, name: str) -> Series | None:
        """Steps and values of one of them."""
        with self._lock:
            known = self._series.get(name) or _Known()
            found = self._ask(lambda db: known.followed(db, *name.split(".", 1)), known)
            self._series[name] = found
            return found.series if len(found.series[0]) else None

    def happened(self, before: int | None) -> dict[str, Any]:
        """Findings with a severity, the newest first, and events: pauses, checkpoints, words of the operator."""
        return {
            "alarms": self._page("signals", "severity IS NOT NULL", before),
            "events": self._page("events", "1", None),
        }

    def answers(self, before: int | None) -> list[dict[str, Any]]:
        """What the model answered at check-ins, the newest first."""
        return self._page("answers", "1", before)

    def turns(self, before: int | None) -> list[dict[str, Any]]:
        """What it said to itself, the newest first. The oldest dialogue may lack its beginning."""
        return self._page("turns", "1", before)

    def pictures(self) -> dict[str, list[int]]:
        """Of what there are pictures, and after which steps."""
        query = "SELECT what, step FROM pictures ORDER BY what, step"
        found: dict[str, list[int]] = {}
        for what, step in self._ask(lambda db: db.execute(query).fetchall(), []):
            found.setdefault(str(what), []).append(int(step))
        return found

    def picture(self, what: str, step: int) -> Any:
        """One of them; None where there is none."""
        query = "SELECT value FROM pictures WHERE what = ? AND step = ? ORDER BY id DESC LIMIT 1"
        row = self._ask(lambda db: db.execute(query, (what, step)).fetchone(), None)
        return _value(row[0]) if row else None

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

    def _page(self, table: str, condition: str, before: int | None) -> list[dict[str, Any]]:
        query = f"SELECT * FROM {table} WHERE {condition} AND id < ? ORDER BY id DESC LIMIT {_MOST}"
        rows = self._ask(lambda db: db.execute(query, (2**62 if before is None else before,)).fetchall(), [])
        return [
            {key: _value(value) if key == "evidence" else value for key, value in dict(row).items()} for row in rows
        ]

    def _ask(self, question: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        if not self._file.is_file():
            self.trouble = ""
            return otherwise
        try:
            with closing(sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as db:
                db.row_factory = sqlite3.Row
                found = question(db)
        except sqlite3.Error as error:
            self.trouble = f"{self._file.name} cannot be read ({error})"
            return otherwise
        self.trouble = ""
        return found


@dataclass(frozen=True, slots=True)
class _Known:
    """A figure as far as it was read, and by what its last row is known again."""

    last: tuple[int, str] = (0, "")
    series: Series = field(default_factory=lambda: (np.empty(0, np.int64), np.empty(0, np.float64)))

    def followed(self, db: sqlite3.Connection, monitor: str, name: str) -> _Known:
        """It with what came since; read anew where what was read is gone, as when a run went on from before."""
        known = self
        if self.last[0] and not db.execute("SELECT 1 FROM signals WHERE id = ? AND at = ?", self.last).fetchone():
            known = _Known()
        query = (
            "SELECT id, at, step, value FROM signals "
            "WHERE monitor = ? AND name = ? AND value IS NOT NULL AND id > ? ORDER BY id"
        )
        rows = db.execute(query, (monitor, name, known.last[0])).fetchall()
        rows = [row for row in rows if abs(row[3]) < math.inf]
        if not rows:
            return known
        steps, values = (np.array([row[place] for row in rows], kind) for place, kind in ((2, np.int64), (3, float)))
        return _Known(
            last=(rows[-1][0], rows[-1][1]),
            series=(np.concatenate([known.series[0], steps]), np.concatenate([known.series[1], values])),
        )


def _last(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])


def _value(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
