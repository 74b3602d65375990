"""Rows that are nearly the same: MinHash signatures over runs of words, and the greedy removal of their likes.

Two rows' similarity is the Jaccard similarity of their sets of word n-grams. A MinHash signature estimates it (Broder
1997, On the resemblance and containment of documents); rows that agree in a whole band of their signatures are
candidates (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4), and every candidate is checked on the
signatures before it counts. What is a duplicate depends on the rows and their order alone, not on how work was divided.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_mix.dedup.duplicates import rank, repeated
from data_mix.dedup.on_disk import ColumnsOnDisk, RowsOnDisk
from data_mix.language.hashed_words import MULTIPLIER, HashedWords, hash_words, mixed, rolling

NUM_PERM = 128
NGRAM = 5
_NO_BAND = np.uint64(2**64 - 1)
"""The band key of rows without a word, which are nobody's duplicates."""
_NO_MINIMUM = 2**32 - 1
_PARTNERS = 8
_KEPT_PARTNERS = 4
_NO_ROW = np.uint32(2**32 - 1)
_CHUNK = 2**15
_PAIRS = 2**13


def shingles(words: HashedWords, ngram: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of each row's runs of `ngram` words, one row's after the other's, and where each row's begin.

    A row of fewer words is one run as a whole; a row without words has none.
    """
    offsets, lengths = words.offsets, np.diff(words.offsets)
    found = np.zeros(len(words.hashes), dtype=np.uint64)
    stands = np.ones(len(found), dtype=bool)
    for back in range(1, ngram):
        before = offsets[1:] - back
        stands[before[before >= 0]] = False
    for length, sums in rolling(words.hashes, ngram):
        if length == ngram:
            found = np.where(stands, mixed(sums, length), found)
        else:
            short = offsets[:-1][lengths == length]
            found[short] = mixed(sums[short], length)
    stands[offsets[:-1][(lengths > 0) & (lengths < ngram)]] = True
    starts = np.zeros(len(offsets), dtype=np.int64)
    np.cumsum(np.where(lengths >= ngram, lengths - ngram + 1, np.minimum(lengths, 1)), out=starts[1:])
    return found[stands], starts


def signatures(
    rows: HashedWords | list[list[str]], *, num_perm: int = NUM_PERM, ngram: int = NGRAM, seed: int = 0
) -> NDArray[np.uint32]:
    """MinHash signatures of shape (rows, num_perm). The same words give the same bytes in every process.

    The share of equal places of two signatures estimates the similarity of the rows' sets of n-grams. A row without a
    word gets a signature that `band_keys` keeps apart from all others.
    """
    words = rows if isinstance(rows, HashedWords) else hash_words(rows)
    flat, starts = shingles(words, ngram)
    minhash = _rensa()
    matrix = minhash.digest_matrix_from_flat_token_hashes(flat, starts.astype(np.uint64), num_perm, seed)
    # The matrix has no way out but lists of numbers; struct packs them twice as fast as numpy reads them.
    pack = struct.Struct(f"={num_perm}I").pack
    packed = b"".join([pack(*signature) for signature in matrix.to_rows()])
    return np.frombuffer(packed, dtype=np.uint32).reshape(-1, num_perm)


def signature_version() -> str:
    """Changes whenever signatures of the same words do: signatures of two versions must not be compared."""
    return f"1/{_rensa().ALGORITHM_VERSION}"


@lru_cache(maxsize=64)
def choose_bands(threshold: float, num_perm: int = NUM_PERM, *, missed_weight: float = 0.95) -> tuple[int, int]:
    """(bands, rows in each) for which rows of similarity `threshold` and above rarely miss each other.

    Minimises the weighted sum of the two areas between the curve 1 - (1 - s**rows)**bands and the step at `threshold`,
    as datasketch does (Zhu et al. 2016, LSH Ensemble, section 5.3). A candidate that is none costs one comparison, for
    candidates are checked, and a pair that never meets is a duplicate that stays: hence the weight. Not datasketch's
    own function, which is private to it.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold is above 0 and at most 1, got {threshold}")
    best: tuple[float, int, int] | None = None
    below, above = np.linspace(0, threshold, 257), np.linspace(threshold, 1, 257)
    for rows in range(min(2, num_perm), num_perm + 1):  # in bands of one row, all rows meet all others
        for bands in range(1, num_perm // rows + 1):
            useless = float(np.mean(1 - (1 - below**rows) ** bands)) * threshold
            missed = float(np.mean((1 - above**rows) ** bands)) * (1 - threshold)
            error = (1 - missed_weight) * useless + missed_weight * missed
            if best is None or error < best[0]:
                best = (error, bands, rows)
    assert best is not None
    return best[1], best[2]


def band_keys(signatures: NDArray[np.uint32], num_bands: int, rows_per_band: int | None = None) -> NDArray[np.uint64]:
    """A number for each band of each signature, of shape (rows, num_bands).

    A band is `rows_per_band` consecutive places, by default as many as fit.
    """
    num_perm = signatures.shape[1]
    rows_per_band = rows_per_band or num_perm // num_bands
    if not 1 <= num_bands * rows_per_band <= num_perm or num_bands < 1:
        raise ValueError(f"{num_bands} bands of {rows_per_band} do not fit into signatures of {num_perm}")
    bands = signatures[:, : num_bands * rows_per_band].reshape(len(signatures), num_bands, rows_per_band)
    keys = np.zeros((len(signatures), num_bands), dtype=np.uint64)
    for place in range(rows_per_band):
        keys *= np.uint64(MULTIPLIER)
        keys += bands[:, :, place]
        keys ^= keys >> np.uint64(29)
    keys = np.minimum(mixed(keys, rows_per_band), _NO_BAND - np.uint64(1))
    keys[(signatures == _NO_MINIMUM).all(axis=1)] = _NO_BAND
    return keys


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Which rows are nearly the same as an earlier one, and what the search had to leave out."""

    of: NDArray[np.int64]
    """For every row -1 if it is kept, else the number of the earlier, kept row that it is a duplicate of."""
    compared: int
    """Pairs of signatures compared."""
    buckets_capped: int
    """Groups of rows that share a band and were too large to compare each with each."""
    pairs_left_out: int
    """Pairs that share a band and were not compared there, because their group was too large."""
    rows_at_limit: int
    """Rows kept although as many earlier likes as are remembered of a row were found, because those are all left out
    and what they are duplicates of is not like the row."""


def near_duplicates(
    signatures: NDArray[Any] | RowsOnDisk, band_keys: NDArray[np.uint64] | ColumnsOnDisk, *, threshold: float
) -> NearDuplicates:
    """Finds the rows whose signature agrees with that of an earlier kept row in at least `threshold` of its places.

    `signatures` (N, num_perm) of any integer type and `band_keys` (N, bands) may lie on disk. Band keys have to be
    spread over all 64 bits, as those of `band_keys` are. Memory: 24 bytes a row, whatever the signatures' width, and
    about 40 MB.

    A row is compared with the rows that share a band with it: with the first eight of them and the one before it. It
    is a duplicate if one of its earlier likes is kept, or what that one is a duplicate of is like it too. Of its likes
    the four earliest are remembered.
    """
    if len(signatures) != len(band_keys):
        raise ValueError(f"{len(signatures):,} signatures and band keys of {len(band_keys):,} rows")
    search = _Search(signatures, threshold)
    for band in range(band_keys.shape[1]):
        search.add_band(np.array(band_keys[:, band], dtype=np.uint64))
    return search.result()


def near_duplicates_of_parts(
    parts: Iterable[NDArray[np.uint32]], num_rows: int, folder: Path, *, num_perm: int, threshold: float
) -> NearDuplicates:
    """`near_duplicates` of signatures that come part by part, `num_rows` in all, with the bands that suit `threshold`.

    They are gathered in files in `folder`, which are gone afterwards: 4 bytes for each of a row's `num_perm` places and
    8 for each band (640 bytes a row by default).
    """
    if not num_rows:
        return near_duplicates(np.zeros((0, num_perm), np.uint32), np.zeros((0, 1), np.uint64), threshold=threshold)
    num_bands, rows_per_band = choose_bands(threshold, num_perm)
    gathered = folder / "gathered.signatures"
    columns = [folder / f"gathered.band-{band}" for band in range(num_bands)]
    try:
        with ExitStack() as stack:
            whole = stack.enter_context(open(gathered, "wb"))
            files = [stack.enter_context(open(path, "wb")) for path in columns]
            filled = 0
            for part in parts:
                for start in range(0, len(part), _CHUNK):
                    block = part[start : start + _CHUNK]
                    block.tofile(whole)
                    for file, keys in zip(files, band_keys(block, num_bands, rows_per_band).T, strict=True):
                        keys.tofile(file)
                filled += len(part)
        if filled != num_rows:
            raise ValueError(f"{num_rows:,} signatures were announced and {filled:,} came")
        return near_duplicates(RowsOnDisk(gathered, num_perm), ColumnsOnDisk(columns), threshold=threshold)
    finally:
        for path in (gathered, *columns):
            path.unlink(missing_ok=True)


class _Search:
    def __init__(self, signatures: NDArray[Any] | RowsOnDisk, threshold: float) -> None:
        self.signatures = signatures
        self.wanted = threshold * signatures.shape[1] - 1e-9
        self.likes = np.full((len(signatures), _KEPT_PARTNERS), _NO_ROW, dtype=np.uint32)
        self.compared = self.buckets_capped = self.pairs_left_out = 0

    def add_band(self, keys: NDArray[np.uint64]) -> None:
        """Compare rows that share a key; `keys` is overwritten."""
        ranked, index = rank(keys)
        ranked = ranked[: np.searchsorted(ranked, _NO_BAND & ~index)]
        for positions, starts in repeated(ranked, index, chunk=_CHUNK):
            if not len(positions):
                continue
            ahead = positions - starts
            self.buckets_capped += int(np.count_nonzero(ahead == _PARTNERS + 2))
            self.pairs_left_out += int(np.maximum(ahead - _PARTNERS - 1, 0).sum())
            partners = starts[:, None] + np.arange(_PARTNERS + 1)
            partners[:, _PARTNERS] = positions - 1
            exists = np.arange(_PARTNERS + 1) < ahead[:, None]
            rows = (ranked[positions] & index).astype(np.int64)
            earlier = np.where(exists, ranked[np.where(exists, partners, 0)] & index, _NO_ROW).astype(np.uint32)
            self._add(rows, earlier)

    def _add(self, rows: NDArray[np.int64], earlier: NDArray[np.uint32]) -> None:
        """Remember for each row the first few of its `earlier` partners (one line a row) that are like it."""
        likes = self.likes[rows]
        # Neither what is known, nor what comes after all that would be remembered, need be compared.
        asked = earlier < likes[:, -1:]
        for known in range(_KEPT_PARTNERS):
            asked &= earlier != likes[:, known : known + 1]
        line, column = np.nonzero(asked)
        alike = self._alike(rows[line], earlier[line, column])
        found = np.full_like(earlier, _NO_ROW)
        found[line[alike], column[alike]] = earlier[line[alike], column[alike]]
        merged = np.sort(np.concatenate([likes, found], axis=1), axis=1)
        self.likes[rows] = merged[:, :_KEPT_PARTNERS]

    def _alike(self, one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
        self.compared += len(one)
        alike = np.empty(len(one), dtype=bool)
        for start in range(0, len(one), _PAIRS):
            stop = start + _PAIRS
            same = self.signatures[one[start:stop]] == self.signatures[other[start:stop]]
            alike[start:stop] = np.count_nonzero(same, axis=1) >= self.wanted
        return alike

    def result(self) -> NearDuplicates:
        """One pass over the rows in their order."""
        of = array("q", [-1]) * len(self.likes)
        at_limit = 0
        for start in range(0, len(self.likes), _CHUNK):
            likes = self.likes[start : start + _CHUNK]
            lines = np.flatnonzero(likes[:, 0] != _NO_ROW)
            for row, earlier in zip((lines + start).tolist(), likes[lines].tolist(), strict=True):
                if of[earlier[0]] < 0:
                    of[row] = earlier[0]
                    continue
                earlier = [one for one in earlier if one != _NO_ROW]
                kept = [one for one in earlier if of[one] < 0]
                if not kept:
                    heads = sorted({of[one] for one in earlier})
                    alike = self._alike(np.full(len(heads), row), np.array(heads))
                    kept = [head for head, is_like in zip(heads, alike, strict=True) if is_like]
                    at_limit += not kept and len(earlier) == _KEPT_PARTNERS
                if kept:
                    of[row] = kept[0]
        return NearDuplicates(
            of=np.frombuffer(of, dtype=np.int64),
            compared=self.compared,
            buckets_capped=self.buckets_capped,
            pairs_left_out=self.pairs_left_out,
            rows_at_limit=at_limit,
        )


@cache
def _rensa() -> Any:
    """rensa's MinHash, held to one thread.

    It starts threads with its first large batch, and a process forked after that waits for them for ever. The number
    is read once, so it is enough to set it for a first batch that is large enough to ask for it.
    """
    from rensa import RMinHash

    before = os.environ.get("RAYON_NUM_THREADS")
    os.environ["RAYON_NUM_THREADS"] = "1"
    try:
        rows = 4096
        RMinHash.digest_matrix_from_flat_token_hashes(
            np.zeros(rows, dtype=np.uint64), np.arange(rows + 1, dtype=np.uint64), 1, 0
        )
    finally:
        if before is None:
            del os.environ["RAYON_NUM_THREADS"]
        else:
            os.environ["RAYON_NUM_THREADS"] = before
    return RMinHash
