"""A recipe taken apart into jobs: pieces of its sources that any process can refine, and that add up in order.

How the work is cut does not depend on how many processes do it, and nothing in a row depends on how it was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_mix.importers import IMPORTERS, detect
from data_mix.reading.sources import BadRecord, find_files, read_records
from data_mix.reading.spans import Span, plan_file
from data_mix.recipe import Recipe, Source
from espalier.artifacts import records
from espalier.errors import UserError

if TYPE_CHECKING:
    from data_mix.curriculum.write import Kind
    from data_mix.reading.hub import HubSource

SPAN_BYTES = 16 * 2**20
"""About how much of a file is one job: small enough to share out and to lose little of at a kill."""
CURRICULUM_ROWS = 2048
"""Rows of the curriculum in one job."""
_NUM_PEEKED = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A piece of one source. One of `spans`, `hub`, `essays` and `curriculum` says which."""

    name: str
    """Names its file of refined rows; sorting by it is the order of the rows."""
    source: int
    """Number of the source in the recipe."""
    spans: tuple[tuple[str, Span], ...] = ()
    """Pieces of files to read one after the other, each with the name its rows carry."""
    hub: HubSource | None = None
    """A data set of the hub, of which it is the part that `shard` says."""
    shard: tuple[int, int] = (0, 1)
    """Which of how many parts."""
    essays: bool = False
    """TOEFL11's folder as a whole."""
    curriculum: tuple[Kind, str, int, int] | None = None
    """Kind, split, and the rows from one number up to another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All jobs of a recipe, and what its sources are found to be."""

    jobs: list[Job]
    """In the order of the rows."""
    sources: list[dict[str, Any]]
    """For each source its name and the identity of what is read: hashes of files, a hub's commit."""


def plan(recipe: Recipe) -> Plan:
    """Look at every source once: hash its files and cut them. Raises UserError for what cannot be read."""
    jobs: list[Job] = []
    facts: list[dict[str, Any]] = []
    found: dict[str, Any]
    for number, source in enumerate(recipe.sources):
        if source.curriculum is not None:
            pieces, found = list(_of_curriculum(source)), {}
        elif source.hub is not None:
            pieces, found = _of_hub(source)
        else:
            pieces, found = _of_files(recipe, source)
        jobs += [Job(name=f"{number:03d}-{at:06d}", source=number, **piece) for at, piece in enumerate(pieces)]
        facts.append({"name": source.label, **found})
    return Plan(jobs=jobs, sources=facts)


def curriculum_plan(source: Source) -> list[tuple[Kind, str, int]]:
    """(kind, split, rows) in the order in which they are written.

    Sessions hold no mistakes, so there are none in `unseen_triples`.
    """
    config = source.curriculum
    assert config is not None
    count = config.held_out_rows
    entries: list[tuple[Kind, str, int]] = [
        ("session", "train", config.sessions),
        ("dialogue", "train", config.dialogues),
        ("session", "valid", count if config.sessions else 0),
        ("dialogue", "valid", count if config.dialogues else 0),
        ("dialogue", "unseen_triples", count if config.dialogues else 0),
        ("session", "unseen_pairs", count if config.sessions else 0),
        ("dialogue", "unseen_pairs", count if config.dialogues else 0),
        ("transcript", "train", config.transcripts),
        ("transcript", "valid", count if config.transcripts else 0),
    ]
    return [entry for entry in entries if entry[2]]


def _of_curriculum(source: Source) -> Iterator[dict[str, Any]]:
    for kind, split, count in curriculum_plan(source):
        for start in range(0, count, CURRICULUM_ROWS):
            yield {"curriculum": (kind, split, start, min(count, start + CURRICULUM_ROWS))}


def _of_hub(source: Source) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from data_mix.reading.hub import HubSource

    assert source.hub is not None
    found = HubSource(
        name=source.hub,
        config=source.hub_config,
        split=source.hub_split,
        revision=source.revision,
        data_dir=source.hub_dir,
    ).resolve()
    # Turns of a dialogue may stand in two files, and a number of rows is counted from the first: one job does it.
    whole = source.rows is not None or source.format == "auto" or IMPORTERS[source.format].joins is not None
    count = 1 if whole else found.num_shards()
    facts = {"hub": found.name, "config": found.config, "split": found.split, "commit": found.revision}
    return [{"hub": found, "shard": (index, count)} for index in range(count)], facts


def _of_files(recipe: Recipe, source: Source) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    assert source.path is not None
    path = recipe.locate(source.path)
    beside = [recipe.locate(extra) for extra in (source.paired_with, source.annotations) if extra is not None]
    second = recipe.locate(source.paired_with) if source.paired_with else None
    files, passed_over = find_files(path, paired_with=second)
    hashes, pieces = {}, []
    for file in files:
        name = _relative(file, path)
        divisible = not source.rows and not _joins(source, file)
        digest, size, spans = plan_file(file, span_bytes=SPAN_BYTES, divisible=divisible, text_row=source.text_row)
        hashes[name] = {"sha256": digest, "bytes": size}
        pieces += [(name, span, size // len(spans)) for span in spans]
    for file in beside:
        if not file.is_file():
            raise UserError(f"{file}: no such file")
        hashes[file.name] = {"sha256": records.sha256_file(file), "bytes": file.stat().st_size}
    facts = {"files": hashes, "passed_over": [_relative(file, path) for file in passed_over]}
    if source.format == "toefl11":
        return [{"essays": True}], facts
    return [{"spans": tuple(bundle)} for bundle in _bundles(pieces, whole=source.rows is not None)], facts


def _joins(source: Source, file: Path) -> bool:
    """Whether the records of the file belong together, as the turns of a dialogue do, so that it must not be cut."""
    if source.paired_with or source.format == "toefl11":
        return True
    if source.format != "auto":
        return IMPORTERS[source.format].joins is not None
    for _, record in zip(range(_NUM_PEEKED), read_records(file, text_row=source.text_row), strict=False):
        try:
            return IMPORTERS[detect(record.value)].joins is not None
        except BadRecord:
            continue
    return False


def _bundles(pieces: list[tuple[str, Span, int]], *, whole: bool) -> Iterator[list[tuple[str, Span]]]:
    """Spans in order, small ones together; all in one where the reading has to stop at a number of rows."""
    bundle: list[tuple[str, Span]] = []
    size = 0
    for name, span, num_bytes in pieces:
        if bundle and size + num_bytes > SPAN_BYTES and not whole:
            yield bundle
            bundle, size = [], 0
        bundle.append((name, span))
        size += num_bytes
    if bundle:
        yield bundle


def _relative(file: Path, path: Path) -> str:
    return file.name if file == path else file.relative_to(path).as_posix()
