"""Rows that hold text of an evaluation: runs of 13 words that also stand in a benchmark's items.

The rule is that of GPT-3's training data (Brown et al. 2020, Language Models are Few-Shot Learners, appendix C): a row
that shares 13 consecutive words with an item is contaminated. A text of 8 to 12 words is looked for as a whole, and one
of fewer words not at all: that paper stops at 8 too, because shorter runs are shared by chance ("I am happy to help you
with that."). Texts that are too short are counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from data_mix.language.hashed_words import HashedWords, hash_words, rolling
from data_mix.language.words import words
from data_mix.reading.sources import BadRecord, read_records
from espalier.artifacts.records import sha256_file
from espalier.errors import UserError
from espalier.suite_file import is_suite, read_suite

NGRAM = 13
SHORTEST = 8
_SLOTS_PER_RUN = 16


@dataclass(frozen=True, slots=True)
class Hit:
    """A run of words that a row shares with a benchmark."""

    where: str
    """The item that has it, the first one if there are more: a file and line, or a suite and case."""
    gram: str
    """The words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """What a mix is to be kept clear of."""

    texts: list[tuple[str, str]]
    """Where each stands, and the text."""
    sha256: str
    """Of the file; of a suite that other files belong to, of all their hashes."""


def read_benchmark(path: Path) -> Benchmark:
    """Every text of a suite, as `espalier.suite_file` reads it, or of a file of records.

    Raises UserError for what cannot be read, and where there is no text to keep clear of.
    """
    if not is_suite(path):
        return _some(_of_records(path), path, "no text in it", [path])
    suite = read_suite(path)
    cases = suite.data.get("cases") or []
    listed = list(cases.values()) if isinstance(cases, dict) else cases if isinstance(cases, list) else [cases]
    found = [
        (f"{path.name}: case {_called(case, number)}", text)
        for number, case in enumerate(listed, start=1)
        for text in texts_in(case)
    ]
    for file in suite.of_texts:
        found += _of_records(file)
    drawn = suite.data.get("heldout")
    mix = drawn.get("mix") if isinstance(drawn, dict) else None
    why = f"its cases are drawn from mix {mix}, which holds them out itself; leave it out" if mix else "no case in it"
    if suite.data.get("withheld") is not None:
        why = "its cases are made of what the mix of a learner keeps back; leave it out"
    return _some(found, path, why, [*suite.files, *suite.of_texts])


def _some(texts: list[tuple[str, str]], path: Path, why_not: str, files: Sequence[Path]) -> Benchmark:
    if not texts:
        raise UserError(f"{path}: there is nothing to keep clear of: {why_not}")
    hashes = [sha256_file(file) for file in files]
    whole = hashes[0] if len(hashes) == 1 else hashlib.sha256(" ".join(hashes).encode()).hexdigest()
    return Benchmark(texts=texts, sha256=whole)


def _of_records(path: Path) -> list[tuple[str, str]]:
    found = []
    for record in read_records(path):
        if isinstance(record.value, BadRecord):
            raise UserError(f"{path}:{record.line}: {record.value.detail}. Mend it, so that the item can be looked for")
        found += [(f"{path.name}:{record.line}", text) for text in texts_in(record.value)]
    return found


def _called(case: Any, number: int) -> str:
    name = case.get("name") if isinstance(case, dict) else None
    return name if isinstance(name, str) else str(number)


class Grams:
    """The runs of words of some benchmarks, to be looked for in batches of rows. Immutable; can be pickled."""

    def __init__(self, where: list[str], texts: list[list[str]], *, ngram: int = NGRAM, shortest: int = SHORTEST):
        """`texts` are words, `where` says for each what it is. `Grams.of` makes both."""
        if not 1 <= shortest <= ngram:
            raise ValueError(f"wants 1 <= shortest ({shortest}) <= ngram ({ngram})")
        self._where = where
        self._texts = texts
        self.num_texts = len(texts)
        """Texts given."""
        self.num_short = sum(len(text) < shortest for text in texts)
        """Texts of too few words to be looked for."""
        hashed = hash_words(texts)
        begins, lengths = hashed.offsets[:-1], np.diff(hashed.offsets)
        self._begins = hashed.offsets
        self._runs: list[_Runs] = []
        for length, sums in rolling(hashed.hashes, ngram):
            if shortest <= length < ngram:
                places = begins[lengths == length]
            elif length == ngram:
                fits = np.maximum(lengths - ngram + 1, 0)
                places = np.repeat(begins - np.cumsum(fits) + fits, fits) + np.arange(fits.sum())
            else:
                continue
            if len(places):
                self._runs.append(_runs(length, sums[places], places))
        self.num_grams = sum(runs.count for runs in self._runs)
        """Runs of words that are looked for."""

    @classmethod
    def of(
        cls,
        texts: Iterable[tuple[str, str]],
        *,
        words: Callable[[str], list[str]] = words,
        ngram: int = NGRAM,
        shortest: int = SHORTEST,
    ) -> Self:
        """The runs of (where, text) pairs. `words` has to be what the rows' words are made with."""
        same: dict[str, str] = {}
        where, of_texts = [], []
        for place, text in texts:
            where.append(place)
            of_texts.append([same.setdefault(word, word) for word in words(text)])
        return cls(where, of_texts, ngram=ngram, shortest=shortest)

    def hits(self, rows: HashedWords | list[list[str]]) -> dict[int, tuple[Hit, ...]]:
        """For each row of a batch that shares words with a benchmark, its number and one hit for each item it meets.

        Exact: what the hashes find is compared word by word.
        """
        batch = rows if isinstance(rows, HashedWords) else hash_words(rows)
        found: dict[int, dict[str, Hit]] = {}
        waiting = list(self._runs)
        for length, sums in rolling(batch.hashes, waiting[-1].length if waiting else 0):
            if length != waiting[0].length:
                continue
            runs = waiting.pop(0)
            places = np.flatnonzero(runs.maybe[sums >> runs.shift])
            numbers = sums[places]
            entries = np.searchsorted(runs.numbers, numbers)
            known = runs.numbers[np.minimum(entries, len(runs.numbers) - 1)] == numbers
            places, entries = places[known], entries[known]
            lines = np.searchsorted(batch.offsets, places, side="right") - 1
            inside = places + length <= batch.offsets[lines + 1]
            starts = places - batch.offsets[lines]
            for line, start, entry in zip(
                lines[inside].tolist(), starts[inside].tolist(), entries[inside].tolist(), strict=True
            ):
                hit = self._verified(runs, entry, batch.words_of(line)[start : start + length])
                if hit is not None:
                    found.setdefault(line, {}).setdefault(hit.where, hit)
        return {line: tuple(found[line].values()) for line in sorted(found)}

    def _verified(self, runs: _Runs, entry: int, gram: list[str]) -> Hit | None:
        """The first text that holds exactly these words, among the entries with the number of this one."""
        number = runs.numbers[entry]
        while entry < len(runs.numbers) and runs.numbers[entry] == number:
            place = runs.places[entry]
            text = int(np.searchsorted(self._begins, place, side="right")) - 1
            start = int(place - self._begins[text])
            if self._texts[text][start : start + len(gram)] == gram:
                return Hit(self._where[text], " ".join(gram))
            entry += 1
        return None


@dataclass(frozen=True, slots=True)
class _Runs:
    """The runs of one length."""

    length: int
    """How many words each has."""
    count: int
    """How many different ones there are."""
    numbers: NDArray[np.uint64]
    """Their hashes, sorted; equal ones in the order of the texts."""
    places: NDArray[np.int64]
    """Where each begins, counted in words of all texts."""
    maybe: NDArray[np.bool_]
    """By the first bits of a hash, whether any run's hash begins so. Nearly every run of words of nearly every row
    is in no benchmark, and this table, 16 times as large as need be, says so without a search."""
    shift: np.uint64
    """What leaves these first bits of a hash."""


def _runs(length: int, numbers: NDArray[np.uint64], places: NDArray[np.int64]) -> _Runs:
    order = np.argsort(numbers, kind="stable")
    numbers, places = numbers[order], places[order]
    count = len(np.unique(numbers))
    bits = (_SLOTS_PER_RUN * count - 1).bit_length()
    shift = np.uint64(64 - bits)
    maybe = np.zeros(2**bits, dtype=bool)
    maybe[numbers >> shift] = True
    return _Runs(length, count, numbers, places, maybe, shift)


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a nested value, in order."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(reversed(list(value.values())))
        elif isinstance(value, list | tuple):
            waiting.extend(reversed(value))
