"""A first look at many rows at once: which of them a filter has to look at, told from one pass over their bytes.

Nearly every row is in order, and a filter that takes each into its hands spends its time on learning that. Here the
contents of a batch are one string of bytes, a table says of each byte what it is a sign of, and numpy adds that up by
rows. The answer is never no for a row that a filter has something against; a row that it is told to look at, it judges
by itself. Rows with more to them than roles and contents (`Scan.odd`) are always looked at.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from data_mix.filters.draft import WATCHED, said
from data_mix.language.hashed_words import hash_text, hash_words
from data_mix.language.words import ASCII_WORDS, words
from espalier.text.messages import TEXT_ROLE, Message

Mask = NDArray[np.bool_]
"""One truth value for each row."""
Places = NDArray[np.int64]
"""Numbers of bytes, messages or rows, in order."""

AT, MARK, DIGIT, CONTROL, FOREIGN, SPACE, PRINTED = (1 << bit for bit in range(7))
"""What a byte is a sign of: `@`, one of ``#<{}[]`~``, a digit, a control character but tab and line end, a character
beyond ASCII, white space, anything in ASCII that can be seen."""
FEWEST, MOST = 32, 256
"""Rows from which on a scan is worth its price, and up to which all that it makes stays in the processor's cache."""

_END, _LINE_END = 0, 10
_DIGITS = b"0123456789"
_HASH_BITS = np.uint64(40)


def _kinds_of(code: int) -> int:
    char = chr(code)
    if code >= 128:
        return FOREIGN
    if code == _END or char.isspace():
        return SPACE | (0 if char in "\0\t\n " else CONTROL)
    if not char.isprintable():
        return CONTROL
    return PRINTED | (AT if char == "@" else MARK if char in "#<{}[]`~" else DIGIT if code in _DIGITS else 0)


def _table(kept: bytes, written: bytes) -> bytes:
    """For `bytes.translate`: what is kept is written so, the end of a message as a line end, all else as a space."""
    table = bytearray(b" " * 256)
    table[_END] = _LINE_END
    for code, instead in zip(kept, written, strict=True):
        table[code] = instead
    return bytes(table)


_KINDS = bytes(map(_kinds_of, range(256)))
_NUMBERS, _DOTS = _table(_DIGITS, b"0" * 10), _table(b".", b".")


class Scan:
    """What can be told of the messages of many rows together (`espalier.messages.check_messages`)."""

    def __init__(self, rows: list[list[Message]]) -> None:
        self._rows = rows
        self._messages = [message for row in rows for message in row]
        self._firsts = np.cumsum([0, *map(len, rows)][:-1])
        joined = "\0".join([message["content"] for message in self._messages])
        self._raw = joined.encode("utf-8", "surrogatepass") + b"\0"
        self._data = np.frombuffer(self._raw, dtype=np.uint8)
        self._ends = np.flatnonzero(self._data == _END)
        if len(self._ends) != len(self._messages):
            raise ValueError("a content holds a NUL character")
        self._starts = np.append(0, self._ends[:-1] + 1)
        self._begins = self._starts[self._firsts]
        self._kinds = np.frombuffer(self._raw.translate(_KINDS), dtype=np.uint8)
        self._of_messages = np.bitwise_or.reduceat(self._kinds, self._starts)
        self._of_rows = np.bitwise_or.reduceat(self._of_messages, self._firsts)
        self.odd = np.zeros(len(rows), dtype=bool)
        """Rows with a message that has more than a role and a content: all else here is told of the others."""
        if sum(map(len, self._messages)) != 2 * len(self._messages):
            self.odd = np.array([any(len(message) != 2 for message in row) for row in rows])

    def has(self, kinds: int) -> Mask:
        """Rows with a byte of one of these kinds (`AT`, `MARK`, …)."""
        found: Mask = (self._of_rows & kinds) != 0
        return found

    def watches(self, wanted: frozenset[str]) -> Mask:
        """Rows that hold one of these words, which `draft.watch` knows."""
        return self._marked([row for row, found in self.watched.items() if not wanted.isdisjoint(found)])

    def lengths(self) -> tuple[Places, Places]:
        """Characters of each row, and those that are trained."""
        sizes = np.add.reduceat((self._data & 0xC0) != 0x80, self._starts, dtype=np.int64) - 1
        trained = np.where(self._trained, sizes, 0)
        return np.add.reduceat(sizes, self._firsts), np.add.reduceat(trained, self._firsts)

    def orders(self) -> list[tuple[str, ...]]:
        """Who speaks in each row, one after the other."""
        return [tuple([message["role"] for message in row]) for row in self._rows]

    def blank(self) -> Mask:
        """Rows with a message in which nothing can be seen, or nothing in ASCII."""
        found: Mask = (np.bitwise_and.reduceat(self._of_messages, self._firsts) & PRINTED) == 0
        return found

    def misread(self) -> Mask:
        """Rows with what two bytes of UTF-8, read as two characters, may begin with (U+00C2 to U+00F4, U+0420, U+0421)
        before another character beyond ASCII, or with U+FFFD."""
        places = np.flatnonzero((self._kinds & FOREIGN) != 0)
        first, third = self._data[places], self._data[np.minimum(places + 2, len(self._data) - 1)]
        return self._holding(places[(((first == 0xC3) | (first == 0xD0)) & (third >= 0x80)) | (first == 0xEF)])

    def unbroken(self, size: int) -> Mask:
        """Rows with so many bytes in a row that are no white space."""
        return self._holding(self._spaces[np.diff(self._spaces, prepend=-1) > size] - 1)

    def repeated(self, share: float, least: int, tail: int) -> Mask:
        """Rows with a trained message of at least `least` words, so few of which differ, among all or the last `tail`,
        that more than a `share` of their runs of four may repeat another. Words are those of `words.words` in a message
        that goes beyond ASCII, and stand between white spaces in all others."""
        foreign = (self._of_messages & FOREIGN) != 0
        hashes, offsets = self._hashed
        begins = np.append(0, self._spaces[:-1] + 1)
        sizes = self._spaces - begins
        begins, sizes = begins[sizes > 0], sizes[sizes > 0]
        found = []
        for mine, counts in ((foreign, np.diff(offsets)), (~foreign, _counts(begins, self._starts))):
            long = mine & self._trained & (counts >= least)
            chosen = np.repeat(long, counts)
            values = hashes[chosen] if mine is foreign else self._differ(begins[chosen], sizes[chosen])
            repeating = _repeat(values, counts[long], share, tail)
            found.append(np.flatnonzero(long)[repeating])
        return self._holding(self._starts[np.concatenate(found)])

    def numbers(self, digits: int, between: bytes) -> Mask:
        """Rows with so many digits in a row, where the bytes between do not count."""
        counts = np.add.reduceat((self._kinds & DIGIT) != 0, self._starts, dtype=np.int64)
        return self._written(np.flatnonzero(counts >= digits), _NUMBERS, between, b"0" * digits)

    def addresses(self) -> Mask:
        """Rows with three dots between which nothing but digits stands, or with colons as an IPv6 address has them."""
        dots = _counts(np.flatnonzero(self._data == ord(".")), self._starts)
        colons = np.flatnonzero(self._data == ord(":"))
        found = self._written(np.flatnonzero(dots >= 3), _DOTS, _DIGITS, b"...")
        return found | self._holding(colons[1:][np.diff(colons) == 1]) | (_counts(colons, self._begins) >= 7)

    @cached_property
    def watched(self) -> dict[int, set[str]]:
        """The words that some filter watches for, by the number of each row that has one."""
        numbers, names, maybe = _numbers_of(frozenset(WATCHED))
        hashes, offsets = self._hashed
        places = np.flatnonzero(maybe[hashes >> np.uint64(48)])
        entries = np.minimum(np.searchsorted(numbers, hashes[places]), len(numbers) - 1)
        known = numbers[entries] == hashes[places]
        rows = np.searchsorted(offsets[self._firsts], places[known], side="right") - 1
        found: dict[int, set[str]] = {}
        for row, entry in zip(rows.tolist(), entries[known].tolist(), strict=True):
            found.setdefault(row, set()).add(names[entry])
        return found

    def hashes(self) -> list[NDArray[np.uint64]]:
        """The hashes of the words of each row, thoughts included (`data_mix.language.hashed_words`)."""
        hashes, offsets = self._hashed
        bounds = [*offsets[self._firsts].tolist(), len(hashes)]
        return [hashes[begin:end] for begin, end in pairwise(bounds)]

    @cached_property
    def _hashed(self) -> tuple[NDArray[np.uint64], Places]:
        """The hashes of all words, and where those of each message begin, and those of the last end."""
        text = self._raw.translate(ASCII_WORDS)
        odd = np.repeat(self.odd, np.diff(self._firsts, append=len(self._ends)))
        others = np.flatnonzero(odd | ((self._of_messages & FOREIGN) != 0))
        starts, ends = self._starts[others].tolist(), self._ends[others].tolist()
        pieces, sizes, at = [], self._ends - self._starts + 1, 0
        for number, start, end in zip(others.tolist(), starts, ends, strict=True):
            own = " ".join([*words("\n".join(said([self._messages[number]]))), ""]).encode("utf-8", "surrogatepass")
            pieces += [text[at:start], own]
            sizes[number], at = len(own), end + 1
        return hash_text(b"".join([*pieces, text[at:]]), np.cumsum(sizes) - sizes)

    @cached_property
    def _trained(self) -> Mask:
        """Messages that are trained."""
        return np.array([message["role"] in ("assistant", TEXT_ROLE) for message in self._messages])

    @cached_property
    def _spaces(self) -> Places:
        """Bytes that are white space, or end a message."""
        return np.flatnonzero((self._kinds & SPACE) != 0)

    def _differ(self, begins: Places, sizes: Places) -> NDArray[np.uint64]:
        """A number for each of these pieces of text, the same for the same: of its length, and its first, middle and
        last byte."""
        numbers = sizes.astype(np.uint64)
        for places in (begins, begins + sizes // 2, begins + sizes - 1):
            numbers = numbers * np.uint64(257) + self._data[places]
        return numbers

    def _marked(self, rows: Places | list[int]) -> Mask:
        found = np.zeros(len(self._rows), dtype=bool)
        found[rows] = True
        return found

    def _holding(self, places: Places) -> Mask:
        """Rows in which these bytes stand."""
        return self._marked(np.searchsorted(self._begins, places, side="right") - 1)

    def _written(self, messages: Places, table: bytes, without: bytes, wanted: bytes) -> Mask:
        """Rows with one of these messages that holds some bytes, once it is written by a table and without others."""
        spans = zip(self._starts[messages].tolist(), self._ends[messages].tolist(), strict=True)
        text = b"".join([self._raw[start : end + 1] for start, end in spans]).translate(table, without)
        places, at = [], text.find(wanted)
        while at >= 0:
            places.append(at)
            at = text.find(wanted, at + len(wanted))
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == _LINE_END)
        return self._holding(self._starts[messages[np.searchsorted(ends, np.array(places, dtype=np.int64))]])


def _counts(places: Places, starts: Places) -> Places:
    """How many places lie behind each start and before the next one."""
    return np.diff(np.searchsorted(places, starts), append=len(places))


def _repeat(values: NDArray[np.uint64], counts: Places, share: float, tail: int) -> Mask:
    """Which groups of values, the first `counts[0]`, the next `counts[1]`, …, may repeat themselves: fewer of their
    values differ, or of the last `tail` of them, than where a `share` of the runs of four is another's repetition."""
    found = np.zeros(len(counts), dtype=bool)
    from_end = np.repeat(np.cumsum(counts), counts) - np.arange(len(values))
    for last in (counts, np.where(counts > tail, tail, 0)):
        distinct = _distinct(values[from_end <= np.repeat(last, counts)], last)
        found |= (distinct - 3 < (1 - share) * (last - 3)) & (last > 0)
    return found


def _distinct(values: NDArray[np.uint64], counts: Places) -> Places:
    """How many values differ in each group; or fewer, as two may be taken for one."""
    owners = np.repeat(np.arange(len(counts), dtype=np.uint64), counts)
    found = np.sort((owners << _HASH_BITS) | (values & ((np.uint64(1) << _HASH_BITS) - np.uint64(1))))
    differ = np.ones(len(found), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=differ[1:])
    return np.bincount((found[differ] >> _HASH_BITS).astype(np.int64), minlength=len(counts))


@lru_cache(maxsize=8)
def _numbers_of(watched: frozenset[str]) -> tuple[NDArray[np.uint64], list[str], Mask]:
    """The hashes of words, sorted, the words in that order, and which first 16 bits one of them has."""
    names = sorted(watched)
    hashes = hash_words([names]).hashes
    order = np.argsort(hashes)
    maybe = np.zeros(2**16, dtype=bool)
    maybe[hashes >> np.uint64(48)] = True
    return hashes[order], [names[at] for at in order.tolist()], maybe
