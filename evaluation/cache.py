"""What was answered before: replies and verdicts in one SQLite file, each under a hash of all that decides it.

The key of a reply is who answers (content hash of the weights, or an endpoint with its model and what it reports of
itself), the conversation, how replies are generated, the sample and the seed, and, of a model on this machine, the
renderer of its prompts and the code that writes its replies. A model that is trained again has another key, so no model
is ever served another's answers, nor its own to another prompt. What failed is not kept.

Nothing is served but what was written: an entry bears a hash of its key and its value, compared whenever it is read.
That finds what a disk lost, and what was edited, cut short or put under another key by someone who did not know of it.
It does not find what somebody planted who did: a hash can be computed anew. So a pinned evaluation serves only entries
with a tag that it alone can make (`seal` says what this is worth). Whatever is not served is counted, said, and asked
again. A damaged file is set aside. A file of an earlier version, whose entries had no hash, is taken over as it is: an
honest user loses nothing by it, and no entry of it has a tag.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from espalier.artifacts.paths import workspace
from espalier.command_line.console import say
from espalier.errors import UserError
from evaluation import seal

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
        found = self._connection.execute("SELECT 1 FROM kept WHERE value LIKE '%\"num_tokens\"%' LIMIT 1").fetchone()
        return found is not None

    def get(self, keys: Sequence[str]) -> dict[str, Any]:
        """What is known of `keys`; those that are not known, or not what was written, are left out."""
        try:
            return self._get(keys)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise UserError(f"{self.path}: the cache cannot be read ({error})") from None
            self._connection.close()
            self._set_aside(error)
            self._connection = self._connect()
            return {}

    def put(self, found: Iterable[tuple[str, Any]]) -> None:
        """Keep each value under its key, all or none. UserError where the disk is full."""
        rows = [_row(key, json.dumps(value, ensure_ascii=False)) for key, value in found]
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", rows)
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"{self.path}: the cache cannot be written ({error}); what was answered before is kept. "
                "Make room, and the same command goes on"
            ) from None

    def _get(self, keys: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        refused: Counter[str] = Counter()
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._connection.execute(f"SELECT key, value, hash, tag FROM kept WHERE key IN ({marks})", some)
            for row in rows:
                objection = _objection(row)
                if objection:
                    refused[objection] += 1
                else:
                    found[row[0]] = json.loads(row[1])
        for objection, number in refused.items():
            some, they_are = ("1 entry was", "it is") if number == 1 else (f"{number:,} entries were", "they are")
            say(f"note: the cache {self.path}: {some} {objection}; {they_are} asked again")
        return found

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")  # a byte that changed is told by the hash
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            columns = ", ".join(f"{name} TEXT NOT NULL" for name in ("value", "hash", "tag"))
            connection.execute(f"CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, {columns}) WITHOUT ROWID")
            connection.execute("SELECT key, value, hash, tag FROM kept LIMIT 1").fetchall()
            _take_over(connection)
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


def _hash(key: str, value: str) -> str:
    return hashlib.sha256(f"{key}\n{value}".encode("utf-8", "surrogatepass")).hexdigest()


def _row(key: str, value: str) -> tuple[str, str, str, str]:
    return key, value, _hash(key, value), seal.tag("entry", key, value)


def _objection(row: tuple[Any, ...]) -> str:
    """Why an entry is not served; empty where it is."""
    if not all(isinstance(part, str) for part in row) or row[2] != _hash(row[0], row[1]):
        return "changed since (a damaged disk, or an edit)"
    if seal.is_sealing() and not seal.is_ours(row[3], "entry", row[0], row[1]):
        return "not kept by this evaluator, pinned"
    return ""


def _take_over(connection: sqlite3.Connection) -> None:
    """What an earlier version kept, which had neither hashes nor tags."""
    with connection:
        if not _is_of_earlier(connection):
            return
        connection.execute("BEGIN IMMEDIATE")
        if _is_of_earlier(connection):  # and no other process was quicker
            connection.create_function("hash_of", 2, _hash, deterministic=True)
            connection.execute("INSERT OR IGNORE INTO kept SELECT key, value, hash_of(key, value), '' FROM known")
            connection.execute("DROP TABLE known")


def _is_of_earlier(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'known'").fetchone() is not None
