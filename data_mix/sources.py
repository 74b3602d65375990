"""Files of records: JSON lines, JSON lists, Parquet and plain text, read one record at a time.

Nothing here knows what a record means (`schemas` does). A record that cannot be read is not skipped: it is yielded as
a `BadRecord`, with its place, for the build to refuse or to count. What breaks a file as a whole (a damaged archive, a
JSON list that cannot be read on) is a UserError.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from data_mix.json_list import BrokenList, ListReader, refuse_constant
from espalier.errors import UserError

TextRow = Literal["paragraph", "line", "file"]
MAX_RECORD_BYTES = 8 * 2**20
"""A record longer than this is a bad one: no conversation is, and memory stays bounded whatever a file holds."""
KINDS = {
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json",
    ".txt": "text",
    ".md": "text",
    ".parquet": "parquet",
}
_ABOUT_THE_CORPUS = {"licence", "license", "copying", "notice", "readme", "changelog"}
_CHUNK = 2**20


class BadRecord(Exception):
    """Why a record cannot be used: a short reason that is counted, and the details for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record of a file."""

    line: int
    """Where it begins, counted from 1: a line, or in a Parquet file a row."""
    value: Any
    """A JSON value, a text, or a BadRecord."""


def find_files(path: Path) -> tuple[list[Path], list[Path]]:
    """The files of a source in a fixed order, and those of a folder that are passed over: of no known kind, or about
    the corpus rather than of it (LICENSE.txt, README.md).

    Raises UserError when there is nothing to read.
    """
    if path.is_file():
        if _kind(path) is None:
            raise UserError(f"{path}: of no known kind; known are {', '.join(KINDS)}, and .gz of all but .parquet")
        return [path], []
    if not path.is_dir():
        raise UserError(f"{path}: no such file or folder")
    everything = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    files = [file for file in everything if _kind(file) and file.name.split(".")[0].lower() not in _ABOUT_THE_CORPUS]
    if not files:
        raise UserError(f"{path}: no file in this folder is of a known kind ({', '.join(KINDS)})")
    return files, [file for file in everything if file not in files]


def read_records(path: Path, *, text_row: TextRow = "paragraph") -> Iterator[Record]:
    """The records of one file in order; blank lines are none. Raises UserError when the file itself is broken."""
    kind = _kind(path)
    if kind == "parquet":
        yield from _parquet(path)
        return
    try:
        with _open(path) as stream:
            if kind == "text":
                yield from _texts(stream, text_row)
            elif kind == "json" and _starts_a_list(path):
                yield from _json_list(stream, path)
            else:
                yield from _json_lines(stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}: the archive is damaged ({error}); fetch it again") from error
    except (PermissionError, FileNotFoundError) as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error


def parse_json(text: str) -> Any:
    """A JSON value. Raises BadRecord for what is none, NaN and numbers beyond Python's limits among them."""
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except RecursionError:
        raise BadRecord("not_json", "nested too deeply") from None
    except ValueError as error:
        raise BadRecord("not_json", f"not JSON ({error})") from None


def _kind(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes[-1:] == [".gz"]:
        kind = KINDS.get(suffixes[0]) if len(suffixes) == 2 else None
        return None if kind == "parquet" else kind
    return KINDS.get(suffixes[-1]) if suffixes else None


def _open(path: Path) -> io.BufferedIOBase:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else open(path, "rb")


def _lines(stream: io.BufferedIOBase) -> Iterator[tuple[int, str | BadRecord]]:
    """Numbered lines without their ends, each at most MAX_RECORD_BYTES long, decoded."""
    number = 0
    while raw := stream.readline(MAX_RECORD_BYTES + 1):
        number += 1
        if len(raw) > MAX_RECORD_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(_CHUNK)
            yield number, BadRecord("too_long", f"longer than {MAX_RECORD_BYTES:,} bytes")
            continue
        try:
            yield number, (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            yield number, BadRecord("not_utf8", f"not UTF-8 ({error.reason} at byte {error.start} of the line)")


def _json_lines(stream: io.BufferedIOBase) -> Iterator[Record]:
    for number, line in _lines(stream):
        if isinstance(line, BadRecord):
            yield Record(line=number, value=line)
        elif line.strip():
            try:
                yield Record(line=number, value=parse_json(line))
            except BadRecord as problem:
                yield Record(line=number, value=problem)


def _texts(stream: io.BufferedIOBase, unit: TextRow) -> Iterator[Record]:
    """Plain text, gathered line by line into the units that become rows."""
    start, size = 1, 0
    gathered: list[str] = []
    problem: BadRecord | None = None

    def finished() -> Iterator[Record]:
        text = "\n".join(gathered).strip("\n")
        if problem or text.strip():
            yield Record(line=start, value=problem or text)

    for number, line in _lines(stream):
        ends_before = unit == "line" or (unit == "paragraph" and isinstance(line, str) and not line.strip())
        if ends_before or not (gathered or problem):
            yield from finished()
            start, size, problem = number, 0, None
            gathered.clear()
        if isinstance(line, BadRecord):
            problem = problem or line
            continue
        if not line.strip() and not gathered:
            continue
        size += len(line.encode())
        if size > MAX_RECORD_BYTES:
            problem = problem or BadRecord("too_long", f"a {unit} longer than {MAX_RECORD_BYTES:,} bytes")
            gathered.clear()
        else:
            gathered.append(line)
    yield from finished()


def _starts_a_list(path: Path) -> bool:
    """Whether a .json file holds a list; otherwise it is read as JSON lines, which many of that name are."""
    with _open(path) as stream:
        return stream.read(4096).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")


def _json_list(stream: io.BufferedIOBase, path: Path) -> Iterator[Record]:
    try:
        for line, value in ListReader(stream, max_bytes=MAX_RECORD_BYTES):
            yield Record(line=line, value=value)
    except BrokenList as problem:
        raise UserError(f"{path}:{problem.line}: the JSON list cannot be read on ({problem}); mend it") from None


def _parquet(path: Path) -> Iterator[Record]:
    import pyarrow
    import pyarrow.parquet

    row = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=512):
                for value in batch.to_pylist():
                    row += 1
                    yield Record(line=row, value=value)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path}: damaged after row {row} ({error}); fetch it again") from error
