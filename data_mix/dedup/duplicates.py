"""Rows that say the same: keys that equal conversations share, which row is the first of its key, and canned replies.

"The same" is equal but for letter case and white space. Rows that are only alike are the affair of `near_duplicates`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from espalier.text.messages import CHAT_ROLES, TEXT_ROLE, Message

KEY_BYTES = 16
NO_KEY = bytes(KEY_BYTES)
"""Stands for None where keys are kept in an array: a row with this key is never another's copy."""
_CHUNK = 2**16


@dataclass(frozen=True, slots=True)
class RowKeys:
    """Every key of one row, for the price of reading it once."""

    content: bytes
    """`content_key`."""
    first_turn: bytes | None
    """`first_turn_key`."""
    replies: list[int]
    """`reply_keys`."""


@dataclass(frozen=True, slots=True)
class Replies:
    """How often a source repeats its replies."""

    replies: int
    """Assistant turns."""
    distinct: int
    """How many of them differ."""
    largest: int
    """Turns that say what the most frequent reply says."""
    largest_key: int | None
    """The key (`reply_keys`) of the most frequent reply, the smallest such key on a tie; None without replies."""

    @property
    def distinct_share(self) -> float:
        """1 where no reply stands twice, near 0 where all are canned; 1 without replies."""
        return self.distinct / self.replies if self.replies else 1.0


def normalised(text: str) -> str:
    """`text` without letter case, and with one space for every run of white space."""
    return " ".join(text.casefold().split())


def content_key(messages: list[Message]) -> bytes:
    """16 bytes that equal conversations share, whatever their letter case and white space."""
    return row_keys(messages).content


def first_turn_key(messages: list[Message]) -> bytes | None:
    """16 bytes that conversations share whose first user turn says the same; None where no user speaks."""
    return row_keys(messages).first_turn


def reply_keys(messages: list[Message]) -> list[int]:
    """For every assistant turn a number below 2**64 that equal replies share."""
    return row_keys(messages).replies


def row_keys(messages: list[Message]) -> RowKeys:
    """All three keys at once."""
    contents = _normalised([message["content"] if len(message) == 2 else _said(message) for message in messages])
    digest = hashlib.blake2b(digest_size=KEY_BYTES)
    first_turn = None
    replies = []
    said: list[bytes] = []
    for message, content in zip(messages, contents, strict=True):
        role = message["role"]
        said += (_ROLES[role], content, b"\x1e")
        if role == "assistant":
            replies.append(xxh3_64_intdigest(content))
        elif role == "user" and first_turn is None:
            first_turn = xxh3_128_digest(content)
    digest.update(b"".join(said))
    return RowKeys(digest.digest(), first_turn, replies)


def _said(message: Message) -> str:
    """A content, the thoughts before it and the calls after it: who thinks or does otherwise gives another reply."""
    calls = [json.dumps(call["function"], sort_keys=True) for call in message.get("tool_calls", ())]
    return "\x1d".join(filter(None, (message.get("reasoning"), message["content"], *calls)))


_ROLES = {role: f"{role}\x1f".encode() for role in (*CHAT_ROLES, TEXT_ROLE)}
_SEPARATOR = "\x1e"
_SPACES = frozenset(b"\t\n\x0b\x0c\r\x1c\x1d\x1f ")
_PLAIN = bytes(32 if code in _SPACES else ord(chr(code).lower()) if code < 128 else code for code in range(256))
"""ASCII in small letters, and every white space as a plain one, but for the separator."""


def _normalised(contents: list[str]) -> list[bytes]:
    """`normalised` of each, in UTF-8. ASCII is told by a table of bytes for all at once, a few times as fast."""
    whole = _SEPARATOR.join(contents)
    if not whole.isascii() or whole.count(_SEPARATOR) >= len(contents):
        return [normalised(content).encode() for content in contents]
    plain = whole.encode().translate(_PLAIN)
    if b"  " in plain:
        return [b" ".join(content.split()) for content in plain.split(_SEPARATOR.encode())]
    return [content.strip(b" ") for content in plain.split(_SEPARATOR.encode())]


def key_array(keys: Iterable[bytes | None]) -> NDArray[np.uint64]:
    """16-byte keys as an array of shape (N, 2) for `first_of_each`."""
    return np.frombuffer(b"".join(key or NO_KEY for key in keys), dtype="<u8").reshape(-1, 2).astype(np.uint64)


def first_of_each(keys: NDArray[Any]) -> NDArray[np.int64]:
    """For every row -1 if it is the first of its key, else the number of the row that is.

    `keys` has shape (N, 2) and type uint64, or shape (N,) and type V16; it may be a memmap. Rows with NO_KEY are
    nobody's copies. Exact. Memory: 16 bytes a row (the result is half of that) and a few MB, as long as keys are evenly
    spread, which digests are.
    """
    if keys.dtype.itemsize == KEY_BYTES:
        keys = keys.view("<u8").reshape(-1, 2)
    if keys.ndim != 2 or keys.shape[1] != 2 or keys.dtype.itemsize != 8:
        raise ValueError(f"wants keys of shape (N, 2), 8 bytes each, got {keys.shape} of {keys.dtype}")
    first = np.full(len(keys), -1, dtype=np.int64)
    ranked, index = rank(_folded(keys))
    unequal = []
    for positions, starts in repeated(ranked, index, chunk=_CHUNK):
        rows, firsts = (ranked[positions] & index).astype(np.int64), (ranked[starts] & index).astype(np.int64)
        equal = (keys[rows] == keys[firsts]).all(axis=1)
        first[rows[equal]] = firsts[equal]
        unequal.append(rows[~equal])
    if unequal:
        _settle(keys, np.sort(np.concatenate(unequal)), first)
    for start in range(0, len(keys), _CHUNK):
        first[start : start + _CHUNK][~keys[start : start + _CHUNK].any(axis=1)] = -1
    return first


def canned(replies_by_source: Mapping[str, NDArray[np.uint64]]) -> dict[str, Replies]:
    """How often each source repeats its replies, from the keys of all its replies (`reply_keys`), in any order.

    Memory: 24 bytes a reply of the source at hand.
    """
    found = {}
    for source, replies in replies_by_source.items():
        keys, counts = np.unique(replies, return_counts=True)
        most = int(np.argmax(counts)) if len(keys) else None
        found[source] = Replies(
            replies=len(replies),
            distinct=len(keys),
            largest=0 if most is None else int(counts[most]),
            largest_key=None if most is None else int(keys[most]),
        )
    return found


def rank(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], np.uint64]:
    """Sorts rows by key, in place and in 8 bytes a row: the high bits of each number are its key's, the low ones the
    row's number. Returns the sorted numbers and the mask of the row's part.

    Keys that differ only in the bits cut off fall together (about N**3 / 2**65 pairs), so what is found equal has to be
    checked. Within a key, rows are in order.
    """
    bits = max(1, (len(keys) - 1).bit_length()) if len(keys) else 1
    if bits > 32:
        raise ValueError(f"{len(keys):,} rows are more than can be compared at once (2**32)")
    index = np.uint64(2**bits - 1)
    keys &= ~index
    for start in range(0, len(keys), _CHUNK):
        stop = min(start + _CHUNK, len(keys))
        keys[start:stop] |= np.arange(start, stop, dtype=np.uint64)
    keys.sort()
    return keys, index


def repeated(
    ranked: NDArray[np.uint64], index: np.uint64, *, chunk: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Of ranked rows, the positions of those that are not the first of their key, with the position of that first."""
    carried = 0
    for start in range(0, len(ranked), chunk):
        keys = ranked[max(0, start - 1) : start + chunk] & ~index
        is_first = keys[1:] != keys[:-1]
        if start == 0:
            is_first = np.concatenate([[True], is_first])
        positions = np.arange(start, start + len(is_first))
        starts = np.maximum.accumulate(np.where(is_first, positions, carried))
        carried = int(starts[-1])
        yield positions[~is_first], starts[~is_first]


def _folded(keys: NDArray[Any]) -> NDArray[np.uint64]:
    """One number for both halves of each key, of which equal keys have equal ones."""
    folded = np.empty(len(keys), dtype=np.uint64)
    for start in range(0, len(keys), _CHUNK):
        high, low = keys[start : start + _CHUNK, 0].astype(np.uint64), keys[start : start + _CHUNK, 1].astype(np.uint64)
        mixed = (high ^ (low >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15) + low
        folded[start : start + _CHUNK] = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return folded


def _settle(keys: NDArray[Any], rows: NDArray[np.int64], first: NDArray[np.int64]) -> None:
    """Finds the firsts among rows that fell together with a row of another key: all the rows of their keys are here."""
    order = np.lexsort((rows, keys[rows, 1], keys[rows, 0]))
    rows = rows[order]
    mine = keys[rows]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (mine[1:] != mine[:-1]).any(axis=1)
    starts = np.maximum.accumulate(np.where(is_first, np.arange(len(rows)), 0))
    first[rows[~is_first]] = rows[starts[~is_first]]
