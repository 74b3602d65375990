"""Near duplicates against the truth and against datasketch: planted copies, exact Jaccard similarities, time.

    python research/benchmarks/near_duplicates.py [--data_root FOLDER] [--rows 20000] [--pairs 1000]

Takes rows of a folder of texts or records (by default sessions and dialogues of the from-scratch curriculum) and plants
edited copies of some: at each rate, that share of the words is replaced, left out or followed by another one. The truth
is every pair's exact Jaccard similarity of word n-grams. Ours and datasketch's MinHashLSH get the same words, n-grams,
permutations and threshold, on one thread, and both take rows out in order: a row goes that is like an earlier one
that stayed. datasketch does not check its candidates; a second line shows it with its candidates checked on the
signatures, as ours are. Prints Markdown tables.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import os

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import random
import time
from collections import Counter
from collections.abc import Iterator

from pydantic import Field

from espalier.command_line.config import Config, FilePath, load
from espalier.errors import UserError, run_main

RATES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3)
_MARGIN = 0.1
_MIN_WORDS = 20
_BATCH = 1000

Rows = list[list[str]]


class Benchmark(Config):
    """What to compare."""

    data_root: FilePath | None = None
    """A folder of texts or records; by default the from-scratch curriculum is written."""
    rows: int = Field(20_000, ge=1)
    """Rows to take, at random; those of fewer than 20 words are passed over."""
    pairs: int = Field(1_000, ge=len(RATES))
    """Copies to plant, shared out over the rates of edits."""
    threshold: float = Field(0.8, gt=_MARGIN, lt=1)
    """Jaccard similarity from which two rows are near duplicates."""
    num_perm: int = Field(128, ge=16)
    """Permutations of a signature."""
    ngram: int = Field(5, ge=1)
    """Words in an n-gram."""
    seed: int = 0
    """Chooses the rows, the copies and their edits."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/near_duplicates.py", doc=__doc__)
    rng = random.Random(settings.seed)
    rows = taken(settings, rng)
    copies = plant(rows, settings.pairs, rng)
    order = list(range(len(rows)))
    rng.shuffle(order)
    rows, copies = [rows[old] for old in order], renumbered(copies, order)
    sets = [shingle_set(row, settings.ngram) for row in rows]
    likes = all_likes(sets, settings.threshold - _MARGIN)
    truth = greedy({row: [one for one, j in pairs if j >= settings.threshold] for row, pairs in likes.items()})
    say_what(settings, rows, len(copies), truth)
    found = {"espalier": ours(rows, settings), **theirs(rows, settings)}
    say_rates(found, copies, sets, settings.threshold)
    say_totals(found, truth, likes, settings.threshold)


def taken(settings: Benchmark, rng: random.Random) -> Rows:
    """As many rows as asked for, as words."""
    from data_mix.language.words import words

    found = [row for text in texts(settings) if len(row := words(text)) >= _MIN_WORDS]
    rng.shuffle(found)
    if not found:
        raise UserError(f"{settings.data_root}: no text of {_MIN_WORDS} words or more")
    return found[: settings.rows]


def texts(settings: Benchmark) -> Iterator[str]:
    """The texts of every row or record."""
    if settings.data_root is None:
        from data_mix import curriculum

        config = curriculum.CurriculumConfig()
        for kind in ("session", "dialogue"):
            for row in curriculum.generate(config, kind, "train", settings.rows, seed=settings.seed, workers=1):
                yield "\n".join(message["content"] for message in row.messages)
        return
    from data_mix.dedup.decontaminate import texts_in
    from data_mix.reading.sources import BadRecord, find_files, read_records

    for file in find_files(settings.data_root)[0]:
        for record in read_records(file):
            if not isinstance(record.value, BadRecord):
                yield "\n".join(texts_in(record.value))


def plant(rows: Rows, count: int, rng: random.Random) -> list[tuple[int, int, float]]:
    """Adds edited copies; (row, its copy, rate) of each."""
    vocabulary = sorted({word for row in rows for word in row})
    copies = []
    for number, row in enumerate(rng.sample(range(len(rows)), k=min(count, len(rows)))):
        rate = RATES[number % len(RATES)]
        copies.append((row, len(rows), rate))
        rows.append(edited(rows[row], rate, vocabulary, rng))
    return copies


def edited(row: list[str], rate: float, vocabulary: list[str], rng: random.Random) -> list[str]:
    """The row with a share `rate` of its words replaced, left out or followed by another."""
    places = set(rng.sample(range(len(row)), round(rate * len(row))))
    made = []
    for place, word in enumerate(row):
        kind = rng.choice(("replace", "leave out", "insert")) if place in places else ""
        made += {"replace": [rng.choice(vocabulary)], "leave out": [], "insert": [word, rng.choice(vocabulary)]}.get(
            kind, [word]
        )
    return made


def renumbered(copies: list[tuple[int, int, float]], order: list[int]) -> list[tuple[int, int, float]]:
    """The copies after a shuffle; the later row of a pair is its copy now."""
    new = {old: place for place, old in enumerate(order)}
    return [(min(new[one], new[two]), max(new[one], new[two]), rate) for one, two, rate in copies]


def shingle_set(row: list[str], ngram: int) -> frozenset[str]:
    """A row's n-grams."""
    return frozenset(map(" ".join, zip(*(row[start:] for start in range(ngram)), strict=False)))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared n-grams over all n-grams."""
    shared = len(one & other)
    return shared / max(1, len(one) + len(other) - shared)


def all_likes(sets: list[frozenset[str]], least: float) -> dict[int, list[tuple[int, float]]]:
    """For each row the earlier rows of at least this similarity, exactly.

    With all n-grams in one order, rarest first, two sets that reach it share one of the first n - ceil(least * n) + 1:
    prefix filtering (Chaudhuri, Ganti and Kaushik 2006, A Primitive Operator for Similarity Joins).
    """
    often = Counter(gram for grams in sets for gram in grams)
    holders: dict[str, list[int]] = {}
    found = {}
    for row, grams in enumerate(sets):
        prefix = sorted(grams, key=lambda gram: (often[gram], gram))[: len(grams) + int(-least * len(grams) // 1) + 1]
        near = sorted({other for gram in prefix for other in holders.get(gram, ())})
        found[row] = [(other, j) for other in near if (j := jaccard(grams, sets[other])) >= least]
        for gram in prefix:
            holders.setdefault(gram, []).append(row)
    return found


def greedy(likes: dict[int, list[int]]) -> dict[int, int]:
    """Each row that goes, and the earlier row, which stays, that it is like."""
    gone: dict[int, int] = {}
    for row, earlier in sorted(likes.items()):
        kept = [one for one in earlier if one not in gone]
        if kept:
            gone[row] = kept[0]
    return gone


def ours(rows: Rows, settings: Benchmark) -> tuple[dict[int, int], float, float]:
    """(rows that go, seconds of signing, seconds of searching)."""
    import numpy as np

    from data_mix.dedup.near_duplicates import band_keys, choose_bands, near_duplicates, signatures

    signatures(rows[:1])  # what is loaded once is not counted, here and below
    began = time.perf_counter()
    signed = np.concatenate(
        [
            signatures(rows[start : start + _BATCH], num_perm=settings.num_perm, ngram=settings.ngram)
            for start in range(0, len(rows), _BATCH)
        ]
    )
    after = time.perf_counter()
    keys = band_keys(signed, *choose_bands(settings.threshold, settings.num_perm))
    of = near_duplicates(signed, keys, threshold=settings.threshold).of
    gone = {row: int(of[row]) for row in np.flatnonzero(of >= 0).tolist()}
    return gone, after - began, time.perf_counter() - after


def theirs(rows: Rows, settings: Benchmark) -> dict[str, tuple[dict[int, int], float, float]]:
    """The same of datasketch, as it comes and with its candidates checked."""
    from datasketch import MinHash, MinHashLSH

    began = time.perf_counter()
    grams = ([gram.encode() for gram in shingle_set(row, settings.ngram)] for row in rows)
    signed = MinHash.bulk(grams, num_perm=settings.num_perm)
    signing = time.perf_counter() - began
    found = {}
    for name, least in (("datasketch", 0.0), ("datasketch, checked", settings.threshold)):
        began = time.perf_counter()
        index = MinHashLSH(threshold=settings.threshold, num_perm=settings.num_perm)
        gone: dict[int, int] = {}
        for row, minhash in enumerate(signed):
            near = sorted(one for one in index.query(minhash) if not least or signed[one].jaccard(minhash) >= least)
            if near:
                gone[row] = near[0]
            else:
                index.insert(row, minhash)
        found[name] = (gone, signing, time.perf_counter() - began)
    return found


def say_what(settings: Benchmark, rows: Rows, copies: int, truth: dict[int, int]) -> None:
    where = settings.data_root.name if settings.data_root else "the from-scratch curriculum"
    length = sum(map(len, rows)) / len(rows)
    print(
        f"{len(rows):,} rows of {where}, {length:.0f} words each on average, {copies:,} of them planted "
        "copies; "
        f"{settings.num_perm} permutations, {settings.ngram}-grams of words, threshold {settings.threshold}, seed "
        f"{settings.seed}. By exact similarity, taken in order, {len(truth):,} rows are to go.\n"
    )


def say_rates(
    found: dict[str, tuple[dict[int, int], float, float]],
    copies: list[tuple[int, int, float]],
    sets: list[frozenset[str]],
    threshold: float,
) -> None:
    """Planted copies that went, by how much they were edited."""
    names = list(found)
    print(f"| words edited | copies | mean Jaccard | of them ≥ {threshold} | {' | '.join(names)} |")
    print("|---:" * (4 + len(names)) + "|")
    for rate in RATES:
        pairs = [(one, two) for one, two, edits in copies if edits == rate]
        similar = [jaccard(sets[one], sets[two]) for one, two in pairs]
        shares = [sum(two in found[name][0] for _, two in pairs) / len(pairs) for name in names]
        cells = [f"{rate:.0%}", f"{len(pairs)}", f"{sum(similar) / len(similar):.2f}"]
        cells += [f"{sum(j >= threshold for j in similar) / len(similar):.1%}", *(f"{share:.1%}" for share in shares)]
        print(f"| {' | '.join(cells)} |")
    print()


def say_totals(
    found: dict[str, tuple[dict[int, int], float, float]],
    truth: dict[int, int],
    likes: dict[int, list[tuple[int, float]]],
    threshold: float,
) -> None:
    """Recall and precision over all rows, and time."""
    most = {row: max((j for _, j in pairs), default=0.0) for row, pairs in likes.items()}
    fastest = found["espalier"][1] + found["espalier"][2]
    print(
        f"| | rows gone | recall | precision | like an earlier row ≥ {threshold - _MARGIN:g} | signing, µs/row "
        "| searching, µs/row | × our time |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, (gone, signing, searching) in found.items():
        recall = sum(row in gone for row in truth) / max(1, len(truth))
        precise, loosely = (sum(most[row] >= least for row in gone) / max(1, len(gone)) for least in (threshold, 1e-9))
        micros = [1e6 * seconds / len(likes) for seconds in (signing, searching)]
        print(
            f"| {name} | {len(gone):,} | {recall:.1%} | {precise:.1%} | {loosely:.1%} | {micros[0]:.1f} "
            f"| {micros[1]:.1f} | {(signing + searching) / fastest:.1f} |"
        )


if __name__ == "__main__":
    run_main(main)
