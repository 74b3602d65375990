"""A run's signal history as a page reads it while it is written: what is new, or the piece before what it has."""

from __future__ import annotations

from typing import Any

from espalier.signals import tables
from espalier.signals.store import SignalStore


class FollowedStore(SignalStore):
    """A store that is read again and again."""

    def pictured(self) -> list[tuple[str, int]]:
        """What was measured inside, and after which steps."""
        rows = self._rows("SELECT DISTINCT what, step FROM pictures ORDER BY what, step", ())
        return [(row["what"], row["step"]) for row in rows]

    def last_ids(self) -> dict[str, int]:
        """The number of each table's last row, which tells whether there is anything new; 0 where it is empty."""
        query = " UNION ALL ".join(
            f"SELECT '{table}' AS name, max(id) AS last FROM {table}" for table in tables.COLUMNS
        )
        return {row["name"]: row["last"] or 0 for row in self._rows(query, ())}

    def newest(
        self, table: str, most: int, *, before_id: int | None = None, severe: bool = False
    ) -> list[dict[str, Any]]:
        """The last rows of a table, or the last before one, as JSON has them; the newest first. Of signals, where
        `severe`, those that have a severity."""
        if table not in tables.COLUMNS:
            raise ValueError(f"no table {table}")
        where = f"id < ?{' AND severity IS NOT NULL' if severe else ''}"
        query = f"SELECT * FROM {table} WHERE {where} ORDER BY id DESC LIMIT ?"
        rows = self._rows(query, (before_id if before_id is not None else 2**62, most))
        return [tables.plain(row) for row in rows]

    def rows_of(self, name: str, after_id: int) -> list[tuple[int, int, float]]:
        """Of a figure what was kept behind a row: number, step and value; of all of it behind 0. None of it is left of
        what a run forgot that goes on from before, so a row that was seen may be gone: `has` tells."""
        monitor, _, of_it = name.partition(".")
        query = "SELECT id, step, value FROM signals WHERE monitor = ? AND name = ? AND value IS NOT NULL AND id > ?"
        rows = self._rows(f"{query} ORDER BY id", (monitor, of_it, after_id))
        return [(row["id"], row["step"], row["value"]) for row in rows]

    def has(self, signal: int) -> bool:
        """Whether the signal of that number is still there."""
        return bool(self._rows("SELECT 1 FROM signals WHERE id = ?", (signal,)))
