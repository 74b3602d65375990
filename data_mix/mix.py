"""From records to the splits of a mix: every record is accounted for, and equal conversations share a side."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_mix import curriculum
from data_mix.curriculum.write import Kind
from data_mix.recipe import Recipe, Source
from data_mix.schemas import convert
from data_mix.sources import BadRecord, find_files, read_records
from espalier.console import progress
from espalier.errors import UserError
from espalier.rows import Row, RowWriter

SPLITS = ("train", "valid")
"""Every mix has these; the curriculum adds its held-out ones."""
_SHOW_EVERY = 1000


@dataclass(kw_only=True, slots=True)
class Tally:
    """What became of a source's records."""

    read: int = 0
    """Records read, or rows of the curriculum asked for."""
    split_off: int = 0
    """Rows that a record gave beyond its first."""
    copies: int = 0
    """Copies made by oversampling."""
    kept: Counter[str] = field(default_factory=Counter)
    """Rows written, by split."""
    joined: int = 0
    """Rows that were joined to another."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Records left out, by reason."""
    formats: Counter[str] = field(default_factory=Counter)
    """Rows by the shape their records had."""

    def check(self, name: str) -> None:
        """Raises ValueError unless everything that came in went somewhere: a bug of ours, if ever."""
        came = self.read + self.split_off + self.copies
        went = self.kept.total() + self.joined + self.dropped.total()
        if came != went:
            raise ValueError(f"source {name}: {came} records came in and {went} are accounted for: {self}")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the audit."""
        return {
            "read": self.read,
            "split_off": self.split_off,
            "copies": self.copies,
            "kept": self.kept.total(),
            "joined": self.joined,
            "dropped": dict(sorted(self.dropped.items())),
            "kept_by_split": dict(self.kept),
            "formats": dict(sorted(self.formats.items())),
        }


def content_key(messages: list[dict[str, str]]) -> bytes:
    """16 bytes that equal conversations share, whatever their letter case and white space."""
    digest = hashlib.blake2b(digest_size=16)
    for message in messages:
        digest.update(f"{message['role']}\x1f{' '.join(message['content'].casefold().split())}\x1e".encode())
    return digest.digest()


def split_of(messages: list[dict[str, str]], *, valid_fraction: float, seed: int) -> str:
    """`valid` or `train`, told from the conversation's content alone, so that its copies go the same way."""
    key = hashlib.blake2b(content_key(messages), digest_size=8, salt=seed.to_bytes(16, "big")).digest()
    return "valid" if int.from_bytes(key, "big") < valid_fraction * 2**64 else "train"


def write_splits(recipe: Recipe, folder: Path, *, workers: int = 1) -> dict[str, Tally]:
    """Writes SPLIT.parquet files into `folder`, rows in the order of the sources, and returns a tally for each source.

    Raises UserError for a record that cannot be used (unless the source drops such), a source that gives no row, and
    a split that would be empty.
    """
    tallies = {source.label: Tally() for source in recipe.sources}
    with ExitStack() as stack:
        writers: dict[str, RowWriter] = {}
        for source in recipe.sources:
            tally = tallies[source.label]
            for row in _rows(recipe, source, tally, workers):
                if row.split not in writers:
                    writers[row.split] = stack.enter_context(RowWriter(folder / f"{row.split}.parquet"))
                writers[row.split].write(row)
                tally.kept[row.split] += 1
            tally.check(source.label)
            if not tally.kept:
                raise UserError(_nothing_left(source, tally))
        _refuse_empty_split(recipe, writers)
        for split in SPLITS:
            if split not in writers:
                stack.enter_context(RowWriter(folder / f"{split}.parquet"))
    return tallies


def curriculum_plan(config: curriculum.CurriculumConfig) -> list[tuple[Kind, str, int]]:
    """(kind, split, rows) in the order in which they are written.

    Sessions hold no mistakes, so there are none in `unseen_triples`.
    """
    count = config.held_out_rows
    plan: list[tuple[Kind, str, int]] = [
        ("session", "train", config.sessions),
        ("dialogue", "train", config.dialogues),
        ("session", "valid", count if config.sessions else 0),
        ("dialogue", "valid", count if config.dialogues else 0),
        ("dialogue", "unseen_triples", count if config.dialogues else 0),
        ("session", "unseen_pairs", count if config.sessions else 0),
        ("dialogue", "unseen_pairs", count if config.dialogues else 0),
    ]
    return [entry for entry in plan if entry[2]]


def num_workers(workers: int) -> int:
    """As many processes as asked for, or (0) one for each core this process may use."""
    return workers or len(os.sched_getaffinity(0))


def _rows(recipe: Recipe, source: Source, tally: Tally, workers: int) -> Iterator[Row]:
    if source.path is not None:
        return _rows_of_files(recipe, source, source.path, tally)
    assert source.curriculum is not None, "the recipe is checked: a source has one or the other"
    return _rows_of_curriculum(source.curriculum, recipe.seed, tally, num_workers(workers))


def _rows_of_curriculum(config: curriculum.CurriculumConfig, seed: int, tally: Tally, workers: int) -> Iterator[Row]:
    plan = curriculum_plan(config)
    with progress(sum(count for *_, count in plan), "writing the curriculum, rows") as bar:
        for kind, split, count in plan:
            for row in curriculum.generate(config, kind, split, count, seed=seed, workers=workers):
                tally.read += 1
                tally.formats[kind] += 1
                if tally.read % _SHOW_EVERY == 0:
                    bar.update(tally.read, {})
                yield row


def _rows_of_files(recipe: Recipe, source: Source, path: Path, tally: Tally) -> Iterator[Row]:
    files, _ = find_files(path)
    for file in files:
        for record in read_records(file, text_row=source.text_row):
            if tally.kept.total() == source.rows:
                return
            tally.read += 1
            try:
                if isinstance(record.value, BadRecord):
                    raise record.value
                shape, messages, meta = convert(record.value, source.format)
            except BadRecord as problem:
                if source.on_bad_row == "error":
                    raise UserError(_bad_row(recipe, source, f"{file}:{record.line}", problem)) from None
                tally.dropped[problem.reason] += 1
                continue
            tally.formats[shape] += 1
            yield Row(
                id=f"{source.label}/{tally.read:07d}",
                source=source.label,
                split=split_of(messages, valid_fraction=recipe.valid_fraction, seed=recipe.seed),
                messages=messages,
                meta=meta | {"origin": f"{file.relative_to(path) if file != path else file.name}:{record.line}"},
                weight=source.weight,
            )


def _bad_row(recipe: Recipe, source: Source, place: str, problem: BadRecord) -> str:
    flag = f"--sources.{recipe.sources.index(source)}.on_bad_row drop"
    return f"{place}: {problem.detail}. Mend or remove it, or add {flag} to leave such rows out and count them"


def _nothing_left(source: Source, tally: Tally) -> str:
    if source.curriculum is not None:
        return "the curriculum: neither sessions nor dialogues are asked for, so the mix would be empty"
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(tally.dropped.items()))
    read = f"all {tally.read:,} records were dropped ({reasons})" if tally.read else "it holds no record"
    return f"{source.path}: {read}, so the mix would be empty"


def _refuse_empty_split(recipe: Recipe, writers: dict[str, RowWriter]) -> None:
    rows = sum(writer.num_rows for writer in writers.values())
    if "train" not in writers:
        raise UserError(
            f"mix {recipe.name}: no row is left to train on; lower --valid_fraction ({recipe.valid_fraction})"
        )
    if "valid" not in writers and recipe.valid_fraction > 0:
        raise UserError(
            f"mix {recipe.name}: none of its {rows} rows fell into the held-out split at --valid_fraction "
            f"{recipe.valid_fraction}; raise it, give more rows, or set it to 0 to do without"
        )
