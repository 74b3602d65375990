"""Files that are read line by line: JSON lines, plain text, and two texts whose lines belong together."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, Literal

from data_mix.reading.record import BadRecord, Record, decode, parse_json
from espalier.errors import UserError

TextRow = Literal["paragraph", "line", "file"]
RawLines = Iterator[tuple[int, bytes | BadRecord]]
TextLines = Iterator[tuple[int, str | BadRecord]]
_CHUNK = 2**20


def raw_lines(stream: BinaryIO, *, max_bytes: int, first: int = 1, size: int | None = None) -> RawLines:
    """Numbered lines with their ends, of the next `size` bytes; one longer than `max_bytes` is a BadRecord and is
    never held in memory whole."""
    number, left = first - 1, size
    while (left is None or left > 0) and (raw := stream.readline(max_bytes + 1)):
        number += 1
        length = len(raw)
        if length > max_bytes:
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(_CHUNK)
                length += len(raw)
            yield number, BadRecord("too_long", f"longer than {max_bytes:,} bytes")
        else:
            yield number, raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
        if left is not None:
            left -= length


def text_lines(lines: RawLines) -> TextLines:
    """The same lines decoded, without their ends."""
    for number, raw in lines:
        if isinstance(raw, BadRecord):
            yield number, raw
        elif b"\0" in raw:
            yield number, BadRecord("not_text", "it holds NUL, so it is no text, or not UTF-8")
        else:
            try:
                yield number, decode(raw).rstrip("\r\n")
            except BadRecord as problem:
                yield number, problem


def json_lines(lines: RawLines) -> Iterator[Record]:
    """One JSON value a line."""
    for number, raw in lines:
        if isinstance(raw, BadRecord):
            yield Record(line=number, value=raw)
            continue
        try:
            yield Record(line=number, value=parse_json(raw))
        except BadRecord as problem:
            if raw.decode(errors="replace").strip():
                yield Record(line=number, value=problem)


def texts(lines: TextLines, unit: TextRow, *, max_bytes: int) -> Iterator[Record]:
    """Plain text, gathered line by line into the units that become rows."""
    start, size = 1, 0
    gathered: list[str] = []
    problem: BadRecord | None = None

    def finished() -> Iterator[Record]:
        text = "\n".join(gathered).strip("\n")
        if problem or text.strip():
            yield Record(line=start, value=problem or text)

    for number, line in lines:
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
        size += len(line.encode()) + 1
        if size > max_bytes:
            problem = problem or BadRecord("too_long", f"a {unit} longer than {max_bytes:,} bytes")
            gathered.clear()
        elif not problem:
            gathered.append(line)
    yield from finished()


def pairs(left: TextLines, right: TextLines, names: tuple[Path, Path]) -> Iterator[Record]:
    """Line by line what two files say: {"left", "right"}; lines that are blank in both are none.

    Raises UserError at the end when one has more lines than the other: then lines may have stood beside wrong ones.
    """
    counts = [0, 0]
    for ours, theirs in zip_longest(left, right):
        sides = [ours and ours[1], theirs and theirs[1]]
        for side, line in enumerate(sides):
            if line is not None and (isinstance(line, BadRecord) or line.strip()):
                counts[side] = (ours or theirs)[0]
        if ours is None or theirs is None or not any(sides):
            continue
        problem = next((line for line in sides if isinstance(line, BadRecord)), None)
        if problem:
            where = names[sides.index(problem)].name
            problem = BadRecord(problem.reason, f"{where}: {problem.detail}")
        yield Record(line=ours[0], value=problem or {"left": sides[0], "right": sides[1]})
    if counts[0] != counts[1]:
        told = " and ".join(f"{name} has {count:,}" for name, count in zip(names, counts, strict=True))
        raise UserError(f"two files whose lines belong together differ in length: {told} lines")
