"""Signatures estimate the likeness of rows, the search finds what a comparison of all pairs would, in little memory."""

import hashlib
import random
import tracemalloc
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import datasketch
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from data_mix.dedup import near_duplicates as near
from data_mix.dedup.near_duplicates import (
    band_keys,
    choose_bands,
    near_duplicates,
    near_duplicates_of_parts,
    shingles,
    signatures,
)
from data_mix.language import hashed_words
from data_mix.language.hashed_words import hash_words
from tests.espalier.endpoints.chat_server import HANGS_S

VOCABULARY = [f"word{number}" for number in range(3000)]
some_words = st.lists(st.sampled_from(["a", "b", "ab", "ba", "é", "字", "bb" * 9, ""]), max_size=9)
some_rows = st.lists(some_words, max_size=6)


def grams(row: list[str], ngram: int = 5) -> set[tuple[str, ...]]:
    runs = {tuple(row[start : start + ngram]) for start in range(len(row) - ngram + 1)}
    return runs or ({tuple(row)} if row else set())


def likeness(one: list[str], other: list[str]) -> float:
    a, b = grams(one), grams(other)
    return len(a & b) / len(a | b)


def edited(row: list[str], rate: float, rng: random.Random) -> list[str]:
    """The row with about `rate` of its words replaced, left out or followed by another."""
    made = []
    for word in row:
        kind = rng.choice("rdi") if rng.random() < rate else ""
        made += [] if kind == "d" else [rng.choice(VOCABULARY)] if kind == "r" else [word]
        made += [rng.choice(VOCABULARY)] if kind == "i" else []
    return made


def planted(count: int, seed: int = 0) -> list[list[str]]:
    """`count` random rows, and after each an edited copy at one of several rates."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        rows.append(rng.choices(VOCABULARY, k=rng.randint(20, 150)))
        rows.append(edited(rows[-1], (0, 0.005, 0.01, 0.02, 0.04, 0.1)[number % 6], rng))
    return rows


def search(signed: NDArray[np.uint32], threshold: float = 0.8) -> near.NearDuplicates:
    return near_duplicates(signed, band_keys(signed, *choose_bands(threshold, signed.shape[1])), threshold=threshold)


@given(some_rows, st.integers(1, 40))
def test_words_have_the_hash_of_their_letters_alone(rows: list[list[str]], block: int) -> None:
    alone = {word: int(hash_words([[word]]).hashes[0]) for row in rows for word in row}
    assert len(set(alone.values())) == len(alone)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashed_words, "_BLOCK_BYTES", block)
        found = hash_words(rows)
    assert found.hashes.tolist() == [alone[word] for row in rows for word in row]
    assert np.diff(found.offsets).tolist() == [len(row) for row in rows]


def test_no_two_of_many_words_have_one_hash() -> None:
    words = [f"{first}{second}" for first in range(600) for second in "abcdefghijklmnop" * 20]
    assert len(np.unique(hash_words([words]).hashes)) == len(set(words))
    with pytest.raises(ValueError, match="line break"):
        hash_words([["one\ntwo"]])


@given(some_rows, st.integers(1, 4))
def test_shingles_are_runs_of_words(rows: list[list[str]], ngram: int) -> None:
    found, starts = shingles(hash_words(rows), ngram)
    runs = [
        tuple(row[start : start + ngram]) for row in rows if row for start in range(max(1, len(row) - ngram + 1))
    ]  # fmt: skip
    assert len(found) == len(runs) == starts[-1]
    assert len(set(found.tolist())) == len(set(runs))
    assert len(set(zip(found.tolist(), runs, strict=True))) == len(set(runs))
    assert np.diff(starts).tolist() == [max(1, len(row) - ngram + 1) if row else 0 for row in rows]


@given(some_rows, st.data())
def test_some_rows_of_a_batch_are_not_hashed_again(rows: list[list[str]], data: st.DataObject) -> None:
    chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(rows)))))) if rows else []
    some, whole = hash_words(rows).only(chosen), hash_words([rows[number] for number in chosen])
    assert list(map(some.words_of, range(len(chosen)))) == [rows[number] for number in chosen]
    assert some.hashes.tolist() == whole.hashes.tolist() and some.offsets.tolist() == whole.offsets.tolist()


def test_signatures_are_pinned() -> None:
    """Whatever Python's hash seed, the platform and the batch; a new version of the algorithm must be a new name."""
    rows = [[f"w{place * place * row % 97}" for place in range(7 * row)] for row in range(20)] + [["one"], ["two", "é"]]
    signed = signatures(rows, num_perm=64, seed=3)
    assert hashlib.sha256(signed.astype("<u4").tobytes()).hexdigest()[:16] == "9be2410c916b6601"
    assert near.signature_version() == "1/2"
    assert (signatures(rows[7:9], num_perm=64, seed=3) == signed[7:9]).all()
    keys = band_keys(signed, 8)
    assert hashlib.sha256(keys.astype("<u8").tobytes()).hexdigest()[:16] == "ca168cde9a1fddcd"


def test_signatures_estimate_likeness() -> None:
    rows = planted(300)
    signed = signatures(rows, num_perm=256)
    error = [
        float((signed[one] == signed[one + 1]).mean()) - likeness(rows[one], rows[one + 1])
        for one in range(0, len(rows), 2)
    ]
    assert abs(float(np.mean(error))) < 0.01
    assert float(np.sqrt(np.mean(np.square(error)))) < 0.03


def test_short_rows_are_compared_whole_and_empty_ones_not_at_all() -> None:
    rows = [[], ["yes"], ["yes", "yes"], [], ["yes"], ["a", "b", "c"], ["a", "b", "d"], ["a", "b", "c"], []]
    assert search(signatures(rows)).of.tolist() == [-1, -1, -1, -1, 1, -1, -1, 5, -1]
    assert near_duplicates_of_parts([], 0, Path("nowhere"), num_perm=8, threshold=0.5).of.tolist() == []
    assert signatures([]).shape == (0, 128) and band_keys(signatures([]), 4).shape == (0, 4)


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("num_perm", [128, 256])
def test_bands_let_alike_rows_meet_and_others_rarely(threshold: float, num_perm: int) -> None:
    bands, rows = choose_bands(threshold, num_perm)
    assert bands * rows <= num_perm

    def meets(similarity: float) -> float:
        return float(1 - (1 - similarity**rows) ** bands)

    assert meets(threshold) > 0.85
    assert meets((1 + threshold) / 2) > 0.95
    assert meets(threshold / 2) < 0.4


def test_bands_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="5 bands of 4 do not fit"):
        band_keys(np.zeros((2, 19), dtype=np.uint32), 5, 4)
    with pytest.raises(ValueError, match="above 0"):
        choose_bands(0)


@given(st.lists(st.lists(st.integers(0, 1), min_size=8, max_size=8), max_size=9), st.sampled_from([0.5, 0.625, 1.0]))
def test_what_shares_a_band_is_compared_each_with_each(places: list[list[int]], threshold: float) -> None:
    signed = np.array(places, dtype=np.uint32).reshape(-1, 8)
    of: list[int] = []
    for row in range(len(signed)):
        alike = [one for one in range(row) if of[one] < 0 and (signed[one] == signed[row]).mean() >= threshold]
        of.append(alike[0] if alike else -1)
    one_bucket = np.zeros((len(signed), 1), dtype=np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_KEPT_PARTNERS", 8)
        found = near_duplicates(signed, one_bucket, threshold=threshold)
    assert found.of.tolist() == of
    assert (found.buckets_capped, found.pairs_left_out, found.rows_at_limit) == (0, 0, 0)


def test_the_first_kept_row_counts_not_the_first_alike() -> None:
    chain = np.repeat(np.arange(10, dtype=np.uint32)[None], 4, axis=0)
    for row in range(1, 4):
        chain[row, :row] = 99 + np.arange(row)  # each is 0.1 further from the first, and 0.1 from the one before

    def found(pairs: list[tuple[int, int]], threshold: float) -> list[int]:
        """With a band for each pair, so that no others meet."""
        keys = np.stack([np.arange(4) + 10 * band for band in range(len(pairs))], axis=1).astype(
            np.uint64
        ) << np.uint64(32)
        for band, (one, other) in enumerate(pairs):
            keys[other, band] = keys[one, band]
        return near_duplicates(chain, keys, threshold=threshold).of.tolist()

    assert found([(0, 1), (1, 2), (2, 3)], 0.9) == [-1, 0, -1, 2]
    assert found([(0, 1), (1, 2), (2, 3)], 0.8) == [-1, 0, 0, -1]  # 2 is like 0, though they never met
    assert found([(0, 1), (1, 2), (2, 3)], 0.95) == [-1, -1, -1, -1]
    assert found([(0, 1), *[(1, 3)] * 5, (2, 3)], 0.8)[3] == 2  # 1, met so often, is left out itself; 2 is not
    assert found([(2, 3)], 0.1) == [-1, -1, -1, 2]  # rows that never meet are not compared


def test_large_buckets_are_capped_and_counted() -> None:
    signed = np.zeros((30, 16), dtype=np.uint32)
    keys = np.zeros((30, 2), dtype=np.uint64)
    keys[:, 1] = np.r_[np.zeros(10), np.ones(10), np.arange(10, 20)].astype(np.uint64) << np.uint64(32)
    found = near_duplicates(signed, keys, threshold=0.8)
    assert found.of.tolist() == [-1] + [0] * 29
    assert (found.buckets_capped, found.pairs_left_out) == (1, sum(range(1, 21)))
    signed[:] = np.arange(30)[:, None]
    signed[29] = signed[28]  # the one before it, far behind the first eight
    assert near_duplicates(signed, keys, threshold=0.8).of.tolist() == [-1] * 29 + [28]
    signed[29] = 29
    found = near_duplicates(signed, keys, threshold=0.8)
    assert (found.of == -1).all()
    assert found.compared == sum(min(row, 9) for row in range(30)) + 2 * sum(range(10))


def test_rows_whose_remembered_likes_are_all_left_out_are_counted() -> None:
    """Row 0 takes 1 to 4 with it; 5 is like those four and like 6's forerunner, but not like 0."""
    signed = np.zeros((6, 20), dtype=np.uint32)
    signed[1:5, 0] = 1
    signed[5, :2] = 1, 2
    found = near_duplicates(signed, np.zeros((6, 1), dtype=np.uint64), threshold=0.95)
    assert found.of.tolist() == [-1, 0, 0, 0, 0, -1]
    assert found.rows_at_limit == 1


@pytest.fixture(scope="module")
def signed() -> NDArray[np.uint32]:
    return signatures(planted(400) * 2 + [["the", "same", "few", "words"]] * 40)


def test_the_work_can_be_cut_anyhow(signed: NDArray[np.uint32], tmp_path: Path) -> None:
    whole = search(signed)
    assert 800 < (whole.of >= 0).sum() < 1400
    assert (whole.of[whole.of >= 0] < np.flatnonzero(whole.of >= 0)).all()
    assert (whole.of[whole.of[whole.of >= 0]] == -1).all()
    parts = [signed[:7], signed[7:7], signed[7:1000], signed[1000:]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_CHUNK", 7)
        patch.setattr(near, "_PAIRS", 3)
        cut = near_duplicates_of_parts(iter(parts), len(signed), tmp_path, num_perm=128, threshold=0.8)
    assert cut.of.tolist() == whole.of.tolist()
    assert (cut.compared, cut.buckets_capped, cut.pairs_left_out) == (
        whole.compared, whole.buckets_capped, whole.pairs_left_out,
    )  # fmt: skip
    assert not [path for path in tmp_path.iterdir() if path.is_file()]
    with pytest.raises(ValueError, match="were announced"):
        near_duplicates_of_parts(parts[:2], len(signed), tmp_path, num_perm=128, threshold=0.8)
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_a_forked_process_can_sign_after_its_parent_did() -> None:
    """rensa's threads do not survive a fork, and to wait for them is to wait for ever."""
    rows = planted(1000)
    mine = signatures(rows)
    with get_context("fork").Pool(1) as pool:
        theirs = pool.apply_async(signatures, (rows,)).get(timeout=HANGS_S)
    assert (mine == theirs).all()


@pytest.fixture(scope="module")
def exact() -> Iterator[tuple[list[list[str]], dict[tuple[int, int], float]]]:
    """Rows, and the likeness of all pairs that share a run of words."""
    rows = planted(1200, seed=5)
    holders: dict[tuple[str, ...], list[int]] = {}
    for number, row in enumerate(rows):
        for gram in grams(row):
            holders.setdefault(gram, []).append(number)
    pairs = {(one, other) for rows_of in holders.values() for one in rows_of for other in rows_of if one < other}
    yield rows, {(one, other): likeness(rows[one], rows[other]) for one, other in pairs}


def test_what_is_found_is_alike_and_no_less_than_datasketch_finds(
    exact: tuple[list[list[str]], dict[tuple[int, int], float]],
) -> None:
    rows, truth = exact
    threshold = 0.8
    alike = {pair for pair, similarity in truth.items() if similarity >= threshold}
    of = search(signatures(rows), threshold).of
    found = {(int(of[row]), row) for row in np.flatnonzero(of >= 0).tolist()}

    index = datasketch.MinHashLSH(threshold=threshold, num_perm=128)
    theirs = set()
    for number, row in enumerate(rows):
        minhash = datasketch.MinHash(num_perm=128)
        minhash.update_batch([" ".join(gram).encode() for gram in grams(row)])
        theirs |= {(other, number) for other in index.query(minhash)}
        index.insert(number, minhash)

    assert len(alike) > 500
    recall, their_recall = len(found & alike) / len(alike), len(theirs & alike) / len(alike)
    assert recall > 0.93
    assert recall > their_recall - 0.02
    # The estimate of a likeness of 0.8 has a standard error of 0.035.
    assert all(truth.get(pair, 0.0) > threshold - 0.12 for pair in found)
    assert sum(truth[pair] < threshold - 0.035 for pair in found) < 0.02 * len(found)
    assert all(pair in found for pair, similarity in truth.items() if similarity > threshold + 0.12)


def test_a_million_rows_take_little_memory(tmp_path: Path) -> None:
    count = 1_000_000
    rng = np.random.default_rng(0)
    keys = np.memmap(tmp_path / "keys", np.uint64, "w+", shape=(count, 2), order="F")
    signed = np.memmap(tmp_path / "signed", np.uint32, "w+", shape=(count, 4))
    signed[:] = rng.integers(0, 2**32, size=(count, 4), dtype=np.uint32)
    signed[-count // 20 :] = signed[: count // 20]
    keys[:] = band_keys(signed, 2)
    tracemalloc.start()
    found = near_duplicates(signed, keys, threshold=0.8)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.of == np.r_[np.full(count - count // 20, -1), np.arange(count // 20)]).all()
    assert peak / count < 60
