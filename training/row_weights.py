"""Weights of a run's rows: a table of ids and weights beside the mix, which other runs weigh otherwise.

The table has the columns `id` and `weight`, as Parquet, CSV or JSON lines. A row's weight in the loss is the mix's
times the table's; rows that it does not name keep the mix's.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from data_mix.packing.pack import Pack
from espalier.command_line.console import say
from espalier.errors import UserError


def weigh(pack: Pack, table: Path) -> None:
    """Let the rows of a training pack count as the table says, and say how many it named.

    UserError where the table cannot be read, names a row twice, gives a weight that is no number from 0 on, names no
    row of the pack, or leaves nothing to learn.
    """
    weights = read_weights(table)
    factors = np.array([weights.get(row_id, 1.0) for row_id in pack.row_ids], dtype=np.float32)
    named = weights.keys() & set(pack.row_ids)
    if not named:
        raise UserError(f"{table}: none of its {len(weights):,} ids is a row that is trained on here")
    pack.row_weights = pack.row_weights * factors
    if not pack.row_weights.any():
        raise UserError(f"{table}: every row has weight 0, so that nothing would be learned")
    others = len(weights) - len(named)
    say(
        f"row weights: {len(named):,} of {len(set(pack.row_ids)):,} rows are named in {table.name}"
        + (f"; {others:,} ids in it are no rows that are trained on here" if others else "")
    )


def read_weights(table: Path) -> dict[str, float]:
    """Row id -> weight. UserError as in `weigh`."""
    import pyarrow
    from pyarrow import csv, json, parquet

    types = pyarrow.schema([("id", pyarrow.string()), ("weight", pyarrow.float64())])
    readers = {
        ".parquet": lambda: parquet.read_table(table, columns=["id", "weight"]),
        ".csv": lambda: csv.read_csv(table, convert_options=csv.ConvertOptions(column_types=types)),
        ".jsonl": lambda: json.read_json(table, parse_options=json.ParseOptions(explicit_schema=types)),
    }
    if table.suffix not in readers:
        raise UserError(f"{table}: a table of weights ends in {', '.join(readers)}")
    try:
        found = readers[table.suffix]().select(["id", "weight"]).cast(types).to_pydict()
    except FileNotFoundError:
        raise UserError(f"{table}: no such file") from None
    except (pyarrow.ArrowException, KeyError, OSError) as error:
        raise UserError(f"{table}: no table of id and weight ({str(error).splitlines()[0]})") from error
    weights: dict[str, float] = {}
    for number, (row_id, weight) in enumerate(zip(found["id"], found["weight"], strict=True), start=1):
        if row_id is None or weight is None or not (math.isfinite(weight) and weight >= 0):
            raise UserError(f"{table}: row {number}: wants an id and a weight of 0 or more, not {row_id!r}, {weight!r}")
        if row_id in weights:
            raise UserError(f"{table}: row {number}: {row_id!r} stands twice in it")
        weights[row_id] = weight
    return weights
