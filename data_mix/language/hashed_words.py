"""Words as numbers: each word of a batch of rows hashed once, for filters, signatures and decontamination alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

MULTIPLIER = 0x9E3779B97F4A7C15
_BLOCK_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class HashedWords:
    """Rows of words with a number for each word."""

    hashes: NDArray[np.uint64]
    """A number for each word of all rows together; equal words have equal ones, in every process and version."""
    offsets: NDArray[np.int64]
    """Where each row begins in `hashes`, and after the last row its length."""
    words_of: Callable[[int], list[str]]
    """The words of a row, by its number: nobody needs those of most rows."""

    @classmethod
    def of(cls, rows: Sequence[NDArray[np.uint64]], words_of: Callable[[int], list[str]]) -> HashedWords:
        """Rows that are hashed already, put together."""
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=offsets[1:])
        return cls(np.concatenate([np.zeros(0, dtype=np.uint64), *rows]), offsets, words_of)

    def row(self, number: int) -> NDArray[np.uint64]:
        """The hashes of one row."""
        return self.hashes[self.offsets[number] : self.offsets[number + 1]]

    def only(self, numbers: list[int]) -> HashedWords:
        """Some of the rows, without hashing them again."""
        return HashedWords.of([self.row(number) for number in numbers], lambda at: self.words_of(numbers[at]))


def hash_words(rows: list[list[str]]) -> HashedWords:
    """Hashes all words of a batch at once (about a thousand rows are a good batch). A word holds no line break."""
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=offsets[1:])
    joined = "\n".join(["\n".join(row) for row in rows if row]).encode("utf-8", "surrogatepass")
    data = np.frombuffer(joined + b"\n" if offsets[-1] else b"", dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    if len(ends) != offsets[-1]:
        raise ValueError("a word holds a line break")
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    return HashedWords(_hashes(data, starts, ends), offsets, rows.__getitem__)


def hash_text(text: bytes, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hashes of the words of a text in UTF-8 that is nothing but words and spaces, and the number of the first word
    of each row, and of all; `rows` says where rows begin, all behind a space but the first. The same hashes as
    `hash_words`, without a list of words."""
    data = np.frombuffer(text, dtype=np.uint8)
    is_word = np.zeros(len(data) + 2, dtype=bool)
    np.not_equal(data, ord(" "), out=is_word[1:-1])
    edges = np.flatnonzero(is_word[1:] != is_word[:-1])
    starts, ends = edges[::2], edges[1::2]
    return _hashes(data, starts, ends), np.append(np.searchsorted(starts, rows), len(starts))


def _hashes(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The hash of a word is a polynomial of its UTF-8 bytes (each stands for a random number), read off as the
    difference of two running sums over the text: numpy does that faster than Python looks words up in a table."""
    hashes = np.empty(len(ends), dtype=np.uint64)
    word = 0
    while word < len(ends):
        start = int(starts[word])
        after = max(word + 1, int(np.searchsorted(ends, start + _BLOCK_BYTES)))
        size = int(ends[after - 1]) - start
        powers, inverses = _powers(-(-size // _BLOCK_BYTES) * _BLOCK_BYTES)
        sums = np.zeros(size + 1, dtype=np.uint64)
        np.take(_byte_numbers(), data[start : start + size], out=sums[1:], mode="clip")
        sums[1:] *= powers[:size]
        np.cumsum(sums[1:], out=sums[1:])
        first = starts[word:after] - start
        of_words = sums[ends[word:after] - start]
        of_words -= sums[first]
        of_words *= inverses[first]
        hashes[word:after] = of_words
        word = after
    return mixed(hashes, 0)


def rolling(hashes: NDArray[np.uint64], longest: int) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """(n, a number for the n words from each place on) for n of 1 to `longest`, each made from the one before.

    The array is the same one every time. Its last n - 1 places mean nothing, and whether a run of words crosses into
    the next row is for the caller to see.
    """
    sums = hashes.copy()
    if longest:
        yield 1, sums
    for length in range(2, longest + 1):
        sums *= np.uint64(MULTIPLIER)
        sums[: max(0, len(sums) - length + 1)] += hashes[length - 1 :]
        yield length, sums


def mixed(sums: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Sums with their bits spread (the finaliser of SplitMix64), so that runs of other lengths have other numbers."""
    spread = sums + np.uint64((length * 0xD1B54A32D192ED03) % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        spread ^= spread >> np.uint64(shift)
        spread *= np.uint64(factor)
    spread ^= spread >> np.uint64(31)
    return spread


@cache
def _byte_numbers() -> NDArray[np.uint64]:
    return mixed(np.arange(1, 257, dtype=np.uint64) * np.uint64(MULTIPLIER), 0)


@lru_cache(maxsize=1)
def _powers(count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Powers of the multiplier, modulo 2**64, and their inverses."""
    both = []
    for factor in (MULTIPLIER, pow(MULTIPLIER, -1, 2**64)):
        factors = np.full(count + 1, factor, dtype=np.uint64)
        factors[0] = 1
        both.append(np.cumprod(factors, dtype=np.uint64))
    return both[0], both[1]
