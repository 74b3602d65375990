"""Files cut into spans, so that several processes can read one file: together, exactly the file's records."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_mix.reading.archives import is_packed
from data_mix.reading.parquet_records import row_groups
from data_mix.reading.record import Record
from data_mix.reading.sources import TextRow, kind_of, read_part
from espalier.errors import UserError

_CHUNK = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A part of a file that can be read by itself."""

    file: Path
    start: int
    """Its first byte, which begins a line; in a Parquet file the first row group."""
    end: int | None
    """The byte, or row group, before which it ends; None at the end of the file."""
    first_line: int
    """The number of its first line, in a Parquet file its first row, counted from 1."""


def plan_file(
    path: Path, *, span_bytes: int = 16 * 2**20, divisible: bool = True, text_row: TextRow = "paragraph"
) -> tuple[str, int, list[Span]]:
    """The SHA-256 of a file, its length in bytes, and its spans in order, of about `span_bytes` each.

    Divided are JSON lines that are not packed, text of which each line is a row (`text_row`), and Parquet; any other
    file, or each where `divisible` is false (lines that belong to another file's, records that are joined), is one
    span. The file is read once. Raises UserError when it cannot be read.
    """
    kind = None if is_packed(path) or not divisible else kind_of(path)
    by_line = kind == "json lines" or (kind == "text" and text_row == "line")
    try:
        with open(path, "rb", buffering=0) as file:
            digest, size, starts = _scan(file, span_bytes if by_line else None)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    if kind == "parquet":
        starts = _groups(path, span_bytes)
    ends = [start for start, _ in starts[1:]]
    spans = [
        Span(file=path, start=start, end=end, first_line=first)
        for (start, first), end in zip(starts, [*ends, None], strict=True)
    ]
    return digest, size, spans


def read_span(span: Span, *, text_row: TextRow = "paragraph", paired_with: Path | None = None) -> Iterator[Record]:
    """The records of a span; their lines are counted from the beginning of the file.

    `text_row` must be what the file was planned with. `paired_with` names the file whose lines belong to these, which
    only a file that was not divided can have. Raises UserError when the file is broken.
    """
    if paired_with is not None and (span.start or span.end is not None):
        raise ValueError("a file with paired lines is read whole: plan it with divisible=False")
    if (span.start or span.end is not None) and kind_of(span.file) != "parquet":
        _check_length(span)
    return read_part(span.file, span.start, span.end, span.first_line, text_row=text_row, paired_with=paired_with)


def _check_length(span: Span) -> None:
    try:
        size = span.file.stat().st_size
    except OSError as error:
        raise UserError(f"{span.file}: cannot be read ({error.strerror or error})") from error
    if size < (span.start + 1 if span.end is None else span.end):
        raise UserError(f"{span.file}: has changed since it was planned; build again")


def _scan(file: io.FileIO, span_bytes: int | None) -> tuple[str, int, list[tuple[int, int]]]:
    """The hash, the length, and where each span starts: the byte and the number of its line."""
    digest, size, line = hashlib.sha256(), 0, 1
    starts, wanted = [(0, 1)], span_bytes
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    while count := file.readinto(buffer):
        digest.update(view[:count])
        if span_bytes is not None and wanted is not None:
            at = 0
            while True:
                # The first line end at which the span is long enough, in this chunk.
                found = buffer.find(b"\n", max(at, wanted - 1 - size), count)
                if found < 0:
                    break
                line += buffer.count(b"\n", at, found + 1)
                at = found + 1
                starts.append((size + at, line))
                wanted = size + at + span_bytes
            line += buffer.count(b"\n", at, count)
        size += count
    if len(starts) > 1 and starts[-1][0] == size:
        starts.pop()
    return digest.hexdigest(), size, starts


def _groups(path: Path, span_bytes: int) -> list[tuple[int, int]]:
    starts, row, gathered = [(0, 1)], 1, 0
    for group, (rows, size) in enumerate(row_groups(path)):
        if group and gathered >= span_bytes:
            starts.append((group, row))
            gathered = 0
        row += rows
        gathered += size
    return starts
