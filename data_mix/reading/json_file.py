"""Files called .json: a list of records, one object that is the record, or JSON lines under that name."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from data_mix.reading.archives import open_file
from data_mix.reading.json_list import BrokenList, ListReader
from data_mix.reading.lines import json_lines, raw_lines
from data_mix.reading.record import KEY_TWICE, BadRecord, Record, parse_json
from data_mix.reading.signature import check_content
from espalier.errors import UserError

MAX_OBJECT_BYTES = 64 * 2**20
"""A file that is one object is read whole, so it may not be longer."""
_HEAD = 2**16
_LINES_TRIED = 100


def json_file(path: Path, *, max_bytes: int) -> Iterator[Record]:
    """The records of a .json file. Raises UserError when it is none of the three."""
    with open_file(path) as stream:
        head = stream.read(_HEAD)
    check_content(head, path)
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        yield from _list(path, max_bytes)
    elif _lines_of_values(path, max_bytes):
        with open_file(path) as stream:
            yield from json_lines(raw_lines(stream, max_bytes=max_bytes))
    else:
        yield from _object(path, max_bytes)


def _list(path: Path, max_bytes: int) -> Iterator[Record]:
    try:
        with open_file(path) as stream:
            for line, value in ListReader(stream, max_bytes=max_bytes):
                yield Record(line=line, value=value)
    except BrokenList as problem:
        raise UserError(f"{path}:{problem.line}: the JSON list cannot be read on ({problem}); mend it") from None


def _lines_of_values(path: Path, max_bytes: int) -> bool:
    """Whether the first line that is not blank is a JSON value by itself; so it is in an empty file, as good as."""
    with open_file(path) as stream:
        first = next(json_lines(raw_lines(stream, max_bytes=max_bytes)), None)
    return first is None or not isinstance(first.value, BadRecord) or first.value.reason == KEY_TWICE


def _object(path: Path, max_bytes: int) -> Iterator[Record]:
    with open_file(path) as stream:
        content = stream.read(MAX_OBJECT_BYTES + 1).removeprefix(codecs.BOM_UTF8)
    start = 1 + content[: len(content) - len(content.lstrip())].count(b"\n")
    detail = f"longer than {MAX_OBJECT_BYTES:,} bytes"
    if len(content) <= MAX_OBJECT_BYTES:
        try:
            yield Record(line=start, value=parse_json(content))
            return
        except BadRecord as problem:
            if problem.reason == KEY_TWICE:
                yield Record(line=start, value=problem)
                return
            detail = problem.detail
    del content
    # JSON lines whose first line happens to be a broken one?
    with open_file(path) as stream:
        found = islice(json_lines(raw_lines(stream, max_bytes=max_bytes)), _LINES_TRIED)
        if not any(isinstance(record.value, dict) for record in found):
            raise UserError(
                f"{path}: neither a JSON list, nor JSON lines, nor one JSON object ({detail}); mend it, or write one "
                "record a line"
            )
    with open_file(path) as stream:
        yield from json_lines(raw_lines(stream, max_bytes=max_bytes))
