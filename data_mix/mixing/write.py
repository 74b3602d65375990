"""The rows that were decided upon, from the refined rows into the files of a mix, split by split, in order."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.parquet
from numpy.typing import NDArray

from data_mix.mixing.catalogue import KEPT, REASONS, Catalogue
from data_mix.mixing.refined import spoken
from data_mix.mixing.split import SPLITS
from data_mix.mixing.tally import NUM_SAMPLES, Tally
from espalier.text.rows import ROWS_PER_GROUP, RowWriter, row_schema


def tallies_of(catalogue: Catalogue) -> dict[str, Tally]:
    """For every source what became of its records up to the catalogue."""
    tallies = {source.label: Tally() for source in catalogue.recipe.sources}
    for job, facts in zip(catalogue.jobs, catalogue.facts, strict=True):
        tallies[catalogue.recipe.sources[job.source].label].add(Tally.from_dict(facts["tally"]))
    return tallies


def write_splits(catalogue: Catalogue, folder: Path, tallies: dict[str, Tally], *, within: str = "") -> None:
    """Writes SPLIT.parquet files into the folder `within` of `folder`, and counts every row in its source's tally."""
    used = {int(code) for code in np.unique(catalogue.split[catalogue.fate == KEPT])}
    with ExitStack() as stack:
        names = [name for code, name in enumerate(catalogue.splits) if code in used or name in SPLITS]
        (folder / within).mkdir(exist_ok=True)
        writers = {
            f"{within}{name}": stack.enter_context(RowWriter(folder / f"{within}{name}.parquet")) for name in names
        }
        for at, job in enumerate(catalogue.jobs):
            tally = tallies[catalogue.recipe.sources[job.source].label]
            begin = int(catalogue.starts[at])
            with pyarrow.parquet.ParquetFile(catalogue.file_of(at)) as file:
                for batch in file.iter_batches(ROWS_PER_GROUP, columns=row_schema().names):
                    _write(batch, slice(begin, begin + batch.num_rows), catalogue, writers, tally, within)
                    begin += batch.num_rows


def _write(
    batch: pyarrow.RecordBatch,
    here: slice,
    catalogue: Catalogue,
    writers: dict[str, RowWriter],
    tally: Tally,
    within: str,
) -> None:
    """Takes the rows of one batch, each as often as it was decided, and counts them."""
    fate, split, copies = catalogue.fate[here], catalogue.split[here], catalogue.copies[here]
    for code, reason in REASONS.items():
        left_out = np.flatnonzero(fate == code)
        if len(left_out):
            tally.dropped[reason] += len(left_out)
        for row in left_out[: NUM_SAMPLES - len(tally.samples.get(reason, []))].tolist():
            said = [batch[key][row].as_py() for key in ("messages", "chosen", "rejected")]
            tally.sample(reason, batch["id"][row].as_py(), spoken(*said))
    for code, name in enumerate(catalogue.splits):
        rows = np.flatnonzero((fate == KEPT) & (split == code))
        if len(rows):
            taken = np.repeat(rows, copies[rows])
            writers[f"{within}{name}"].write_table(_copied(batch, taken))
            tally.kept[f"{within}{name}"] += len(taken)
            tally.copies += len(taken) - len(rows)


def _copied(batch: pyarrow.RecordBatch, taken: NDArray[np.int64]) -> pyarrow.Table:
    """The rows with these numbers, in order; the second of a row's copies is called `ID~2`, and so on."""
    table = pyarrow.Table.from_batches([batch]).take(taken)
    repeated = np.flatnonzero(taken[1:] == taken[:-1]) + 1
    if not len(repeated):
        return table
    first = np.concatenate([[True], taken[1:] != taken[:-1]])
    number = np.arange(len(taken)) - np.maximum.accumulate(np.where(first, np.arange(len(taken)), 0)) + 1
    endings = pyarrow.array(["" if count == 1 else f"~{count}" for count in number.tolist()])
    ids = pyarrow.compute.binary_join_element_wise(table["id"].combine_chunks(), endings, "")
    return table.set_column(table.schema.get_field_index("id"), "id", ids)
