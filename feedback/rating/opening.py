"""The file that ratings lie in: SQLite with a write-ahead log, `ratings/NAME.db`, whole or not touched.

A file that is there is looked through before anything can write to it, and one that is damaged, or is something else,
is left exactly as it is. A new one is made beside its place and then renamed, so that no crash leaves half of one.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from espalier.artifacts.paths import check_name, workspace
from espalier.errors import UserError

SCHEMA_VERSION = 1
_APPLICATION = 0x45535052
"""SQLite's `application_id`, by which a file of ratings is known."""
_SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE content (hash TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE item (
  id INTEGER PRIMARY KEY,
  place TEXT NOT NULL UNIQUE,
  content TEXT NOT NULL REFERENCES content (hash),
  authors TEXT NOT NULL,
  asked INTEGER NOT NULL CHECK (asked IN (0, 1))
) STRICT;
CREATE TABLE vote (
  id INTEGER PRIMARY KEY,
  nonce TEXT NOT NULL UNIQUE,
  rater TEXT NOT NULL,
  item INTEGER NOT NULL REFERENCES item (id),
  content TEXT NOT NULL REFERENCES content (hash),
  shown TEXT NOT NULL,
  swapped INTEGER NOT NULL CHECK (swapped IN (0, 1)),
  repeat INTEGER NOT NULL CHECK (repeat IN (0, 1)),
  verdict TEXT,
  comment TEXT NOT NULL,
  seconds REAL,
  at TEXT NOT NULL,
  chosen_by TEXT NOT NULL,
  origin TEXT NOT NULL,
  replaces INTEGER REFERENCES vote (id),
  stands INTEGER NOT NULL CHECK (stands IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX one_vote ON vote (rater, item, content, repeat) WHERE stands = 1;
CREATE TABLE doubt (
  content TEXT NOT NULL REFERENCES content (hash),
  model TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (content, model)
) STRICT, WITHOUT ROWID;
"""


def path_of(name: str) -> Path:
    """Where the ratings of that name lie, whether they are there or not."""
    return workspace() / "ratings" / f"{check_name(name)}.db"


def connect(path: Path) -> sqlite3.Connection:
    """A connection to ratings that are there, ready for use in any one thread at a time.

    UserError, and the files as they were, where they are damaged, of another program, or of another version.
    """
    try:
        _look_through(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # acknowledged means written, also where the power fails
        connection.execute("PRAGMA foreign_keys = ON")
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if isinstance(error, sqlite3.OperationalError):  # a lock, a folder that cannot be written to
            raise UserError(f"{path}: cannot be opened ({error})") from None
        raise damaged(path, str(error)) from None
    return connection


def create(path: Path) -> None:
    """Make an empty file of ratings, readable by its owner alone: it holds what raters' links are made of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            connection.executescript(
                f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {SCHEMA_VERSION}; "
                f"BEGIN; {_SCHEMA} COMMIT;"
            )
        finally:
            connection.close()
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def damaged(path: Path, why: str) -> UserError:
    """What to say of ratings that cannot be read, and what to do about it."""
    return UserError(
        f"{path}: damaged, or no file of ratings ({why}); it was left as it is. Save what can be read with "
        f"`sqlite3 {path.name} .recover | sqlite3 saved.db`, or take another --name, or move {path.name}, "
        f"{path.name}-wal and {path.name}-shm away together to begin anew"
    )


def _look_through(path: Path) -> None:
    """Read all of it, by a connection that cannot write."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _KNOWN_BY)
        if application != _APPLICATION:
            raise damaged(path, "it is empty, or of another program")
        if version != SCHEMA_VERSION:
            raise UserError(
                f"{path}: of version {version}, and this Espalier reads version {SCHEMA_VERSION}; "
                "use the one that made it, or export it there and import it here under another --name"
            )
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise damaged(path, "; ".join(found).replace("\n", " "))
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            raise damaged(path, "votes on what is not there")
    finally:
        connection.close()


_KNOWN_BY = ("application_id", "user_version")
