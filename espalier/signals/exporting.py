"""Rows of `signals.db` as a file that other tools read."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.signals.tables import names

Rows = Sequence[Mapping[str, Any]]


def check(file: Path) -> None:
    """UserError where it cannot be told what kind of file is wanted, or where there is no folder for it."""
    if file.suffix not in _WRITERS:
        raise UserError(f"--export {file}: wants a file that ends in {' or '.join(_WRITERS)}")
    if not file.absolute().parent.is_dir():
        raise UserError(f"--export {file}: there is no folder {file.absolute().parent}")


def write(file: Path, table: str, rows: Rows) -> None:
    """Write the rows of a table, whole or not at all; in CSV nothing stands for what is not there."""
    check(file)
    _WRITERS[file.suffix](file, table, rows)


def _csv(file: Path, table: str, rows: Rows) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, names(table), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    records.write_text(file, text.getvalue())


def _parquet(file: Path, table: str, rows: Rows) -> None:
    import pyarrow
    import pyarrow.parquet

    kinds = {"INTEGER": pyarrow.int64(), "REAL": pyarrow.float64(), "TEXT": pyarrow.string()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in names(table).items()])
    temporary = file.with_name(f".{file.name}.tmp-{os.getpid()}")
    try:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema=schema), temporary)
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


_WRITERS = {".csv": _csv, ".parquet": _parquet}
