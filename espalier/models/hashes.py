"""Hashes of large files, remembered, so that 16 GB of weights are not read again to learn that nothing changed.

A hash is believed as long as the file's path, size, inode, and times of content and of status are those it was computed
for. As with Git's index, the times of a file that was just written prove nothing, for it can change once more within
one tick of the clock: such a file's hash is not kept. What no time tells, a disk that returns other bytes than it was
given, is not noticed; removing cache/hashes.sqlite has everything read again. Nor is a hash that somebody wrote there:
where that matters, as for a pinned evaluation, nothing is remembered (`forgotten`).
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from espalier.artifacts import records
from espalier.artifacts.paths import workspace

_LARGE = 1 << 20
"""Bytes from which on remembering is quicker than reading."""
_SETTLED_NS = 2_000_000_000
"""Age from which on a file's times are trusted: FAT counts in two seconds, all others finer."""

_Stamp = tuple[int, int, int, int, int]

_remembering = True


@contextmanager
def forgotten() -> Iterator[None]:
    """What is asked for within is read."""
    global _remembering
    before, _remembering = _remembering, False
    try:
        yield
    finally:
        _remembering = before


def sha256_file(path: Path) -> str:
    """The file's SHA-256 in hexadecimal, from memory where the file is the one that it was computed for."""
    before = _stamp(path)
    if before[0] < _LARGE or not _remembering:
        return records.sha256_file(path)
    name = str(path.resolve())
    known = _recall(name, before)
    if known:
        return known
    begun = time.time_ns()
    digest = records.sha256_file(path)
    if begun - max(before[2:4]) > _SETTLED_NS:
        _remember(name, before, digest)
    return digest


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_dev


def _recall(name: str, stamp: _Stamp) -> str:
    try:
        with _memory() as memory:
            row = memory.execute("SELECT sha256, seal FROM files WHERE path = ?", (name,)).fetchone()
    except (sqlite3.OperationalError, OSError):  # locked, or a disk that is only read: hashing is always right
        return ""
    except sqlite3.DatabaseError:
        _file().unlink(missing_ok=True)  # damaged: it begins anew
        return ""
    return str(row[0]) if row and row[1] == _seal(name, stamp, row[0]) else ""


def _remember(name: str, stamp: _Stamp, digest: str) -> None:
    try:
        with _memory() as memory, memory:
            memory.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (name, digest, _seal(name, stamp, digest)))
    except (sqlite3.DatabaseError, OSError):
        return


def _seal(name: str, stamp: _Stamp, digest: str) -> str:
    """What a row must say to be believed: SQLite would not notice a byte of it that changed."""
    return hashlib.sha256(f"{name} {stamp} {digest}".encode()).hexdigest()


@contextmanager
def _memory() -> Iterator[sqlite3.Connection]:
    _file().parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(_file(), timeout=1)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, sha256 TEXT, seal TEXT)")
        yield connection


def _file() -> Path:
    return workspace() / "cache" / "hashes.sqlite"
