"""Tables of text with a header row: CSV as RFC 4180 has it, and tab-separated values. All values are texts."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from data_mix.reading.lines import TextLines
from data_mix.reading.record import BadRecord, Record
from espalier.errors import UserError

_LINE_WEIGHT = 64
"""What a line that is kept weighs in memory besides its letters."""


def csv_records(lines: TextLines, path: Path, *, tabs: bool, max_bytes: int) -> Iterator[Record]:
    """Objects whose keys are the header's. Raises UserError where the header cannot be used."""
    table = _Table(lines, max_bytes)
    fields = table.tabbed if tabs else table.fields
    header: list[str] | None = None
    for number, line in table:
        if isinstance(line, str) and not line.strip():
            continue
        try:
            if isinstance(line, BadRecord):
                raise line
            row = fields(line)
            if header and len(row) != len(header):
                detail = f"the number of fields is {len(row)}, in the header it is {len(header)}"
                raise BadRecord("bad_row", detail)
        except BadRecord as problem:
            if header is None:
                raise UserError(f"{path}:{number}: the header cannot be read ({problem}); mend it") from None
            yield Record(line=number, value=problem)
            continue
        if header:
            yield Record(line=number, value=dict(zip(header, row, strict=True)))
            continue
        header = row
        if twice := sorted({name for name in header if header.count(name) > 1}):
            raise UserError(f"{path}:{number}: two columns are called {', '.join(map(repr, twice))}; rename one")


class _Table:
    """Lines that can be given back, and what fields they hold."""

    def __init__(self, lines: TextLines, max_bytes: int) -> None:
        self._lines, self._max_bytes = lines, max_bytes
        self._returned: deque[tuple[int, str | BadRecord]] = deque()

    def __iter__(self) -> TextLines:
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> tuple[int, str | BadRecord] | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def fields(self, line: str) -> list[str]:
        """The fields of the record that begins with `line`; a quoted one may go on over the next lines.

        Raises BadRecord; then the record was only that line, so that a quote that is never closed costs no other.
        """
        if '"' not in line and "\r" not in line:
            return line.split(",")
        taken: list[tuple[int, str | BadRecord]] = []
        too_long = False

        def feed() -> Iterator[str]:
            nonlocal too_long
            yield f"{line}\n"
            size = len(line)
            while not too_long and (found := self._next()) is not None:
                taken.append(found)
                if isinstance(found[1], BadRecord):
                    return
                size += len(found[1]) + _LINE_WEIGHT
                too_long = size > self._max_bytes
                yield f"{found[1]}\n"

        try:
            return self._first_row(feed(), ",")
        except csv.Error as error:
            self._returned.extendleft(reversed(taken))
            if too_long:
                raise BadRecord("too_long", f"a row longer than {self._max_bytes:,} bytes: is a quote open?") from None
            unfinished = "a quote is not closed" if "unexpected end" in str(error) else str(error)
            raise BadRecord("bad_row", f"no row of a table ({unfinished})") from None

    def tabbed(self, line: str) -> list[str]:
        """The fields of one line. Quotes around a field are taken off where they are well-formed; else they are
        letters, for most that write such files do not quote, and a quotation may begin in one row and end in another.
        """
        plain = line.split("\t")
        if '"' not in line:
            return plain
        try:
            quoted = self._first_row([line], "\t")
        except csv.Error:
            return plain
        return quoted

    def _first_row(self, lines: Iterable[str], delimiter: str) -> list[str]:
        # The limit is the process's, and others read by it too.
        others = csv.field_size_limit(self._max_bytes + 1)
        try:
            return next(csv.reader(lines, delimiter=delimiter, strict=True))
        finally:
            csv.field_size_limit(others)
