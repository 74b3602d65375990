"""What was answered before: replies and verdicts in one SQLite file, each under a hash of all that decides it.

The key of a reply is who answers (content hash of the weights, or an endpoint with its model and what it reports of
itself), the conversation, how replies are generated, the sample and the seed, and, of a model on this machine, the
renderer of its prompts and the code that writes its replies. A model that is trained again has another key, so no model
is ever served another's answers, nor its own to another prompt. What failed is not kept.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from espalier.console import say
from espalier.errors import UserError
from espalier.paths import workspace

_FORMAT = 1
_AT_ONCE = 500
"""Keys in one question to SQLite, which takes 32,766 at most."""


def default_path() -> Path:
    """Where the cache of this workspace lies."""
    return workspace() / "cache" / "evaluation.sqlite"


def key_of(parts: Any) -> str:
    """The key of what `parts`, plain data, decides."""
    return hashlib.sha256(json.dumps([_FORMAT, parts], sort_keys=True, ensure_ascii=True).encode()).hexdigest()


class Cache:
    """Plain data by key; a context manager. Several processes may use one file at a time.

    A file that is damaged is set aside under another name and said to be; UserError where the folder cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._connect()
        except sqlite3.OperationalError as error:
            raise UserError(
                f"{self.path}: the cache cannot be used ({error}); is the disk full, or the folder not ours?"
            ) from None
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            self._connection = self._connect()

    @property
    def has_replies(self) -> bool:
        """Whether any reply is kept."""
        found = self._connection.execute("SELECT 1 FROM known WHERE value LIKE '%\"num_tokens\"%' LIMIT 1").fetchone()
        return found is not None

    def get(self, keys: Sequence[str]) -> dict[str, Any]:
        """What is known of `keys`; those that are not known are left out."""
        try:
            return self._get(keys)
        except (sqlite3.DatabaseError, ValueError) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise UserError(f"{self.path}: the cache cannot be read ({error})") from None
            self._connection.close()
            self._set_aside(error)
            self._connection = self._connect()
            return {}

    def put(self, found: Iterable[tuple[str, Any]]) -> None:
        """Keep each value under its key, all or none. UserError where the disk is full."""
        rows = [(key, json.dumps(value, ensure_ascii=False)) for key, value in found]
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO known VALUES (?, ?)", rows)
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"{self.path}: the cache cannot be written ({error}); what was answered before is kept. "
                "Make room, and the same command goes on"
            ) from None

    def _get(self, keys: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._connection.execute(f"SELECT key, value FROM known WHERE key IN ({marks})", some)
            found |= {key: json.loads(value) for key, value in rows}
        return found

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS known (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
            )
            connection.execute("SELECT key FROM known LIMIT 1").fetchall()
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self, error: Exception) -> None:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        self.path.rename(aside)
        for end in ("-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        say(
            f"note: the cache {self.path} is damaged ({error}); it is now {aside.name}, and what it held is asked again"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
