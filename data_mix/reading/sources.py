"""Files of records: JSON lines, lists and objects, CSV, Parquet and plain text, read one record at a time.

Nothing here knows what a record means. A record that cannot be read is not skipped: it is yielded as a `BadRecord`,
with its place, for the build to refuse or to count. What breaks a file as a whole (a damaged archive, a JSON list that
cannot be read on) is a UserError.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data_mix.reading.archives import SUFFIXES, is_packed, open_file
from data_mix.reading.csv_records import csv_records
from data_mix.reading.json_file import json_file
from data_mix.reading.lines import TextLines, TextRow, json_lines, pairs, raw_lines, text_lines, texts
from data_mix.reading.parquet_records import parquet_records
from data_mix.reading.record import BadRecord, Record, parse_json
from data_mix.reading.signature import HEAD_BYTES, check_content
from espalier.errors import UserError

__all__ = ["KINDS", "BadRecord", "Record", "TextRow", "find_files", "kind_of", "parse_json", "read_records"]

MAX_RECORD_BYTES = 8 * 2**20
"""A record longer than this is a bad one: no conversation is, and memory stays bounded whatever a file holds."""
KINDS = {
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "text",
    ".md": "text",
    ".parquet": "parquet",
}
_ABOUT_THE_CORPUS = {"licence", "license", "copying", "notice", "readme", "changelog"}


def find_files(path: Path, *, paired_with: Path | None = None) -> tuple[list[Path], list[Path]]:
    """The files of a source in a fixed order, and those of a folder that are passed over: of no known kind, or about
    the corpus rather than of it (LICENSE.txt, README.md). Two files of paired lines may be called anything.

    Raises UserError when there is nothing to read.
    """
    if paired_with is not None:
        for file in (path, paired_with):
            if not file.is_file():
                raise UserError(f"{file}: no such file; two files are wanted whose lines belong together")
        return [path], []
    if path.is_file():
        if kind_of(path) is None:
            raise UserError(
                f"{path}: of no known kind; known are {', '.join(KINDS)}, and {' and '.join(SUFFIXES)} of all but "
                ".parquet"
            )
        return [path], []
    if not path.is_dir():
        raise UserError(f"{path}: no such file or folder")
    everything = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    files = [file for file in everything if kind_of(file) and file.name.split(".")[0].lower() not in _ABOUT_THE_CORPUS]
    if not files:
        raise UserError(f"{path}: no file in this folder is of a known kind ({', '.join(KINDS)})")
    chosen = set(files)
    return files, [file for file in everything if file not in chosen]


def kind_of(path: Path) -> str | None:
    """The kind of a file, told from its name; None where it is of none that is known."""
    if not is_packed(path):
        return KINDS.get(path.suffix.lower())
    kind = KINDS.get(Path(path.stem).suffix.lower())
    return None if kind == "parquet" else kind


def read_records(path: Path, *, text_row: TextRow = "paragraph", paired_with: Path | None = None) -> Iterator[Record]:
    """The records of one file in order; blank lines are none. With `paired_with`, each is {"left", "right"}: a line of
    either file. Raises UserError when the file itself is broken."""
    return read_part(path, 0, None, 1, text_row=text_row, paired_with=paired_with)


def read_part(
    path: Path,
    start: int,
    end: int | None,
    first: int,
    *,
    text_row: TextRow = "paragraph",
    paired_with: Path | None = None,
) -> Iterator[Record]:
    """The records of a part of a file, which `spans` has found to stand for itself: bytes `start` to `end`, of which
    the first begins line `first`, or row groups."""
    kind = kind_of(path)
    try:
        if paired_with is not None:
            yield from _paired(path, paired_with)
        elif kind == "parquet":
            yield from parquet_records(path, start=start, end=end, first_row=first, max_bytes=MAX_RECORD_BYTES)
        elif kind == "json":
            yield from json_file(path, max_bytes=MAX_RECORD_BYTES)
        else:
            yield from _by_line(path, kind, start, end, first, text_row)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error


def _by_line(
    path: Path, kind: str | None, start: int, end: int | None, first: int, text_row: TextRow
) -> Iterator[Record]:
    with open_file(path) as stream:
        if start:
            stream.seek(start)
        else:
            check_content(stream.peek(HEAD_BYTES), path, is_text=kind == "text")
        lines = raw_lines(stream, max_bytes=MAX_RECORD_BYTES, first=first, size=None if end is None else end - start)
        if kind == "json lines":
            yield from json_lines(lines)
        elif kind in ("csv", "tsv"):
            yield from csv_records(text_lines(lines), path, tabs=kind == "tsv", max_bytes=MAX_RECORD_BYTES)
        else:
            yield from texts(text_lines(lines), text_row, max_bytes=MAX_RECORD_BYTES)


def _paired(left: Path, right: Path) -> Iterator[Record]:
    with open_file(left) as ours, open_file(right) as theirs:
        sides: list[TextLines] = []
        for path, stream in ((left, ours), (right, theirs)):
            check_content(stream.peek(HEAD_BYTES), path, is_text=True)
            sides.append(text_lines(raw_lines(stream, max_bytes=MAX_RECORD_BYTES)))
        yield from pairs(sides[0], sides[1], (left, right))
