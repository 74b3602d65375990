"""Packing: the rows of a mix, tokenised and laid into sequences of one length, once for each tokenizer and length.

A pack lies in `mixes/NAME/packs/KEY/`, one folder per split, as plain arrays that training maps into memory:

    inputs     (N, S)  token ids; what follows the last row of a sequence is padding
    labels     (N, S)  the token that follows each input in its row
    weights    (N, S)  weight of the label within its row: its turn's, and 0 where it is no target of the loss
    positions  (N, S)  0, 1, 2 … within each row
    rows       (N, S)  number of the line in rows.parquet, -1 for padding
    rows.parquet       id, source, tokens, bytes of every row: what a token is traced back to
    row_weights, row_fits, row_trained_bytes, row_floor_bits   (R,)  what counts in a loss or a measurement

A row is one line of rows.parquet; where the chat template shows earlier turns otherwise than it asks for them, it is
several, each blind to the others, so that every turn is trained behind its own prompt (`espalier/text/loss_mask.py`).

A pack of preferences (`rows: preference`) has a line in rows.parquet for each reply, with its row's id, and besides

    row_group    (R,)    what is compared together, and lies in one sequence (`comparisons.py`)
    row_targets  (R, C)  what is thought of the reply, by the `columns` of the manifest; NaN where that is not known

A row of n tokens takes n-1 places, since its last token is only ever a label. A row that needs more than S places is
split into pieces of S, each of which begins anew with the last label of the one before as its first input, so that
every token is a label exactly once; or, by `long_rows: drop`, it is left out. Either is counted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from data_mix.packing.building import ROWS, SEQUENCES, Counts, LongRows, build
from data_mix.packing.comparisons import ComparisonCounts, build_comparisons, columns_of
from data_mix.packing.rendering import BadRows, Rendering, RowKind
from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from espalier.text.rows import read_rows

FORMAT = 3


def pack_key(
    mix_hash: str, renderer: ChatRenderer, seq_len: int, rows: RowKind, long_rows: LongRows, bad_rows: BadRows
) -> str:
    """Names a pack by all that decides its content."""
    facts = [FORMAT, mix_hash, renderer.identity, seq_len, rows, long_rows, bad_rows]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def open_packs(
    mix: Path,
    renderer: ChatRenderer,
    *,
    seq_len: int,
    rows: RowKind,
    long_rows: LongRows,
    bad_rows: BadRows = "error",
) -> tuple[dict[str, Pack], dict[str, Any], str]:
    """The packs of a complete mix by split, their manifest, and what was done: `found`, `built` or `rebuilt`.

    A pack is built when it is missing, and again when a file of it has changed since. Held-out splits are packed like
    the training split, except that long rows are always split, so that none goes unmeasured. Preferences are never
    split, whatever `long_rows` says: what does not fit is left out and counted. Raises UserError when a row cannot be
    rendered, or no row is left to train on.
    """
    mix_hash = records.read_json(mix / records.MANIFEST)["content_hash"]
    folder = mix / "packs" / pack_key(mix_hash, renderer, seq_len, rows, long_rows, bad_rows)
    done = "found"
    if records.is_complete(folder):
        try:
            records.verify_manifest(folder)
        except UserError:
            done = "rebuilt"
    else:
        done = "built"
    if done != "found":
        with records.staging(folder, replace=True) as temporary:
            columns: list[str] = []
            counts: Mapping[str, Counts]
            if rows == "preference":
                columns = columns_of(row for path in _files(mix, rows) for row in read_rows(path))
                counts = _build_comparisons(mix, renderer, temporary, seq_len, columns, bad_rows)
            else:
                counts = _build_rows(mix, renderer, temporary, seq_len, rows, long_rows, bad_rows)
            if not counts.get("train") or not counts["train"].trained_tokens:
                wanted = "" if rows == "all" else f" {rows}"
                raise UserError(
                    f"{mix}: its training split has no{wanted} row that could be trained on{_instead(mix, rows)}"
                )
            records.write_manifest(
                temporary,
                {
                    "kind": "pack",
                    "mix": mix_hash,
                    "seq_len": seq_len,
                    "rows": rows,
                    "long_rows": long_rows,
                    "bad_rows": bad_rows,
                    **({"columns": columns} if columns else {}),
                    "splits": {split: asdict(count) for split, count in counts.items()},
                },
            )
    manifest = records.read_json(folder / records.MANIFEST)
    named = tuple(manifest.get("columns", ()))
    return {split: Pack(folder / split, named) for split in manifest["splits"]}, manifest, done


def _files(mix: Path, rows: RowKind) -> list[Path]:
    """Those of a mix that hold the wanted rows, a split each."""
    return sorted((mix / "preferences" if rows == "preference" else mix).glob("*.parquet"))


def _build_rows(
    mix: Path,
    renderer: ChatRenderer,
    folder: Path,
    seq_len: int,
    rows: RowKind,
    long_rows: LongRows,
    bad_rows: BadRows,
) -> dict[str, Counts]:
    counts = {}
    for path in _files(mix, rows):
        rendering = Rendering(renderer, rows, bad_rows)
        wanted = long_rows if path.stem == "train" else "split"
        counts[path.stem] = build(rendering, read_rows(path), folder / path.stem, seq_len, wanted)
    return counts


def _build_comparisons(
    mix: Path, renderer: ChatRenderer, folder: Path, seq_len: int, columns: list[str], bad_rows: BadRows
) -> dict[str, ComparisonCounts]:
    return {
        path.stem: build_comparisons(renderer, columns, bad_rows, read_rows(path), folder / path.stem, seq_len)
        for path in _files(mix, "preference")
    }


def _instead(mix: Path, rows: RowKind) -> str:
    """A remark on what a mix has in the place of the wanted rows."""
    if rows == "preference":
        return "; they come from comparisons (chosen, rejected) or ratings, by a source's preferences: both or keep"
    found = (records.read_json(mix / records.MANIFEST).get("preferences") or {}).get("train", {}).get("rows", 0)
    return f"; it holds {found:,} preferences: --rows preference --objective dpo trains on them" if found else ""


class Pack:
    """One packed split, mapped into memory."""

    def __init__(self, folder: Path, columns: tuple[str, ...] = ()) -> None:
        self.folder, self.columns = folder, columns
        self.references = {}
        for name in (*SEQUENCES, *ROWS, *(("row_group", "row_targets") if columns else ())):
            array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            setattr(self, "turn_weights" if name == "weights" else name, array)

    inputs: np.ndarray
    labels: np.ndarray
    turn_weights: np.ndarray
    positions: np.ndarray
    rows: np.ndarray
    row_weights: np.ndarray
    row_fits: np.ndarray
    row_trained_bytes: np.ndarray
    row_floor_bits: np.ndarray
    columns: tuple[str, ...]
    """What is thought of the replies of preferences; nothing for a pack of other rows, which lacks what follows."""
    row_group: np.ndarray
    row_targets: np.ndarray
    references: dict[str, np.ndarray]
    """Log-probabilities (N, S) that other models give the labels, by what a training calls them; none at first."""

    @cached_property
    def row_ids(self) -> list[str]:
        """The ids of all rows: read when they are asked for, since there may be millions."""
        import pyarrow.parquet

        ids: list[str] = pyarrow.parquet.read_table(self.folder / "rows.parquet", columns=["id"])["id"].to_pylist()
        return ids

    def __len__(self) -> int:
        return len(self.inputs)

    def weights(self, chosen: np.ndarray) -> np.ndarray:
        """(B, S) float32: the weight of each label of the chosen sequences in the loss."""
        weights: np.ndarray = self.row_weights[self.rows[chosen]] * self.turn_weights[chosen]
        return weights

    def trained(self, chosen: np.ndarray) -> np.ndarray:
        """(B, S) bool: whether each label of the chosen sequences is a target of the loss."""
        trained: np.ndarray = self.turn_weights[chosen] > 0
        return trained

    def ids_of(self, chosen: np.ndarray) -> list[str]:
        """The ids of the rows in the chosen sequences."""
        return list(dict.fromkeys(self.row_ids[row] for row in np.unique(self.rows[chosen]) if row >= 0))
