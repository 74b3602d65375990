"""Parquet files, row by row; their row groups can be read apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from data_mix.reading.plain import plain
from data_mix.reading.record import BadRecord, Record
from data_mix.reading.signature import HEAD_BYTES, check_parquet
from espalier.errors import UserError

_BATCH_BYTES = 16 * 2**20
_BATCH_ROWS = 512
_REPEATED_BYTES = 64 * 2**20


def row_groups(path: Path) -> list[tuple[int, int]]:
    """Rows and unpacked bytes of each row group. Raises UserError when the file is damaged."""
    import pyarrow

    try:
        with _opened(path) as file:
            found = [file.metadata.row_group(group) for group in range(file.metadata.num_row_groups)]
            return [(group.num_rows, group.total_byte_size) for group in found]
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path}: damaged ({_short(error)}); fetch it again") from error


def parquet_records(
    path: Path, *, start: int = 0, end: int | None = None, first_row: int = 1, max_bytes: int
) -> Iterator[Record]:
    """The rows of the row groups from `start` to before `end`. Raises UserError when the file is damaged, or two of its
    columns have one name."""
    import pyarrow

    row = first_row - 1
    try:
        with _opened(path) as file:
            if twice := _twice(file.schema_arrow):
                raise UserError(f"{path}: two columns are called {twice!r}; rename one")
            for group in range(start, file.metadata.num_row_groups if end is None else end):
                size = _rows_at_a_time(file.metadata.row_group(group))
                for batch in file.iter_batches(batch_size=size, row_groups=[group], use_threads=False):
                    for value in _values(batch, max_bytes):
                        row += 1
                        yield Record(line=row, value=value)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path}: damaged after row {row} ({_short(error)}); fetch it again") from error


def _opened(path: Path) -> Any:
    import pyarrow.parquet

    with open(path, "rb") as file:
        check_parquet(file.read(HEAD_BYTES), path)
    return pyarrow.parquet.ParquetFile(path, pre_buffer=False)


def _twice(fields: Iterable[Any]) -> str | None:
    """A name that two of the fields share, or two fields within one of them: of their values one would be lost."""
    fields = list(fields)
    names = [field.name for field in fields]
    twice = next((name for name in names if names.count(name) > 1), None)
    return twice or next(filter(None, (_twice(_within(field.type)) for field in fields)), None)


def _within(kind: Any) -> list[Any]:
    """The fields of a nested type; none of a plain one."""
    import pyarrow

    if pyarrow.types.is_struct(kind):
        return list(kind.fields)
    if pyarrow.types.is_map(kind):
        return [kind.key_field, kind.item_field]
    return [kind.value_field] if hasattr(kind, "value_field") else []


def _rows_at_a_time(group: Any) -> int:
    """As many as fit: a row may be megabytes long, and a value that stands in a dictionary once may be every row's."""
    largest, rows, size = 0, int(group.num_rows), int(group.total_byte_size)
    for index in range(group.num_columns):
        column = group.column(index)
        if column.dictionary_page_offset is not None:
            packed = column.data_page_offset - column.dictionary_page_offset
            largest += max(packed, 0) * column.total_uncompressed_size // max(column.total_compressed_size, 1)
    fit = min(_BATCH_BYTES * rows // max(size, 1), _REPEATED_BYTES // max(largest, 1))
    return min(max(fit, 1), _BATCH_ROWS)


def _values(batch: Any, max_bytes: int) -> Iterator[Any]:
    if batch.nbytes <= max_bytes:
        try:
            rows = batch.to_pylist()
        except (ValueError, OverflowError):
            pass  # one of the rows cannot be had; one by one they say which
        else:
            for value in rows:
                yield _plain_or_why(value)
            return
    for index in range(batch.num_rows):
        one = batch.slice(index, 1)
        if one.nbytes > max_bytes:
            yield BadRecord("too_long", f"longer than {max_bytes:,} bytes")
            continue
        try:
            (value,) = one.to_pylist()
        except UnicodeDecodeError as error:
            yield BadRecord("not_utf8", f"not UTF-8 ({error.reason})")
        except (ValueError, OverflowError) as error:
            yield BadRecord("not_json", f"a value that Python has no kind for ({_short(error)})")
        else:
            yield _plain_or_why(value)


def _plain_or_why(value: Any) -> Any:
    try:
        return plain(value)
    except BadRecord as problem:
        return problem


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
