"""Packing: the rows of a mix, tokenised and laid into sequences of one length, once for each tokenizer and length.

A pack lies in `mixes/NAME/packs/KEY/`, one folder per split, as plain arrays that training maps into memory:

    inputs     (N, S)  token ids; what follows the last row of a sequence is padding
    labels     (N, S)  the token that follows each input in its row
    weights    (N, S)  weight of the label within its row: its turn's, and 0 where it is no target of the loss
    positions  (N, S)  0, 1, 2 … within each row
    rows       (N, S)  number of the line in rows.parquet, -1 for padding
    rows.parquet       id, weight, tokens, bytes, entropy floor of every row: what a token is traced back to

A row is one line of rows.parquet; where the chat template shows earlier turns otherwise than it asks for them, it is
several, each blind to the others, so that every turn is trained behind its own prompt (`espalier/text/loss_mask.py`).

A row of n tokens takes n-1 places, since its last token is only ever a label. A row that needs more than S places is
split into pieces of S, each of which begins anew with the last label of the one before as its first input, so that
every token is a label exactly once; or, by `long_rows: drop`, it is left out. Either is counted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data_mix.packing.rendering import BadRows, Rendering, RowKind
from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer, Rendered
from espalier.text.rows import Row, read_rows

LongRows = Literal["split", "drop"]

FORMAT = 2
ARRAYS = ("inputs", "labels", "weights", "positions", "rows")


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What became of a split's rows."""

    rows: int
    """Rows in the split."""
    other_kind: int
    """Left out because they are text and chats were wanted, or the reverse."""
    unlearned: int
    """Left out because the weight of all their turns is 0."""
    unshown_tools: int
    """Left out because they speak of tools and the chat template cannot show them."""
    bad: int
    """Left out because the chat template refuses or alters them."""
    turns_apart: int
    """Sequences that rows gave beyond their first, so that each turn stands behind its own prompt."""
    repeated_tokens: int
    """Tokens of those that are read again and not trained: the price of it."""
    folded_system: int
    """Rows whose system message stands in the first user turn, since the template has no place for it."""
    dropped_thoughts: int
    """Turns whose thoughts are left out."""
    dropped_long: int
    """Left out because they are longer than a sequence."""
    split_long: int
    """Longer than a sequence, and laid out in pieces."""
    untrained_pieces: int
    """Pieces of split rows left out because nothing in them is trained."""
    packed: int
    """Rows that are in the pack, whole or in pieces."""
    tokens: int
    """Tokens in the pack."""
    trained_tokens: int
    """Those of them that are targets of the loss."""
    sequences: int
    """Sequences they fill."""
    density: float
    """Share of the sequences' places that hold a token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    row: int
    start: int
    length: int


def best_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Indices of `lengths` grouped into bins of at most `capacity`: each, longest first, into the fullest bin it fits.

    Best-fit decreasing, after Ding et al. 2024 (arXiv:2404.10830); deterministic. Raises ValueError for a length that
    is not in 1..capacity.
    """
    bins: list[list[int]] = []
    open_bins: dict[int, list[int]] = {}
    spaces = 0  # bit s is set when some bin has s places left
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        length = lengths[index]
        if not 0 < length <= capacity:
            raise ValueError(f"length {length} is not in 1..{capacity}")
        roomy = spaces >> length
        if roomy:
            space = length + (roomy & -roomy).bit_length() - 1
            chosen = open_bins[space].pop()
            if not open_bins[space]:
                spaces &= ~(1 << space)
            bins[chosen].append(index)
        else:
            space, chosen = capacity, len(bins)
            bins.append([index])
        left = space - length
        if left:
            open_bins.setdefault(left, []).append(chosen)
            spaces |= 1 << left
    return bins


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
    the training split, except that long rows are always split, so that none goes unmeasured. Raises UserError when a
    row cannot be rendered, or no row is left to train on.
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
            counts = {}
            for path in sorted(mix.glob("*.parquet")):
                train = path.stem == "train"
                rendering = Rendering(renderer, rows, bad_rows)
                counts[path.stem] = _build(
                    rendering, read_rows(path), temporary / path.stem, seq_len, long_rows if train else "split"
                )
            if not counts.get("train") or not counts["train"].trained_tokens:
                wanted = "" if rows == "all" else f" {rows}"
                raise UserError(
                    f"{mix}: its training split has no{wanted} row that could be trained on{_compared(mix)}"
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
                    "splits": {split: asdict(count) for split, count in counts.items()},
                },
            )
    manifest = records.read_json(folder / records.MANIFEST)
    return {split: Pack(folder / split) for split in manifest["splits"]}, manifest, done


def _compared(mix: Path) -> str:
    """A remark on the preferences of a mix, where it has some."""
    found = (records.read_json(mix / records.MANIFEST).get("preferences") or {}).get("train", {}).get("rows", 0)
    return f"; it holds {found:,} preferences, which nothing trains on yet" if found else ""


class Pack:
    """One packed split, mapped into memory."""

    def __init__(self, folder: Path) -> None:
        import pyarrow.parquet

        for name in ARRAYS:
            array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            setattr(self, "turn_weights" if name == "weights" else name, array)
        table = pyarrow.parquet.read_table(folder / "rows.parquet")
        self.row_ids: list[str] = table["id"].to_pylist()
        self.row_weights = table["weight"].to_numpy().astype(np.float32)
        self.row_fits = table["fits"].to_numpy(zero_copy_only=False)
        self.row_trained_bytes = table["trained_bytes"].to_numpy()
        self.row_floor_bits = table["floor_bits"].to_numpy()

    inputs: np.ndarray
    labels: np.ndarray
    turn_weights: np.ndarray
    positions: np.ndarray
    rows: np.ndarray

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


def _build(rendering: Rendering, rows: Iterable[Row], folder: Path, seq_len: int, long_rows: LongRows) -> Counts:
    folder.mkdir()
    tokens: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    table: list[dict[str, Any]] = []
    pieces: list[_Piece] = []
    tally = rendering.tally
    packed: set[str] = set()
    for row, rendered, is_first in rendering.of(rows):
        places = len(rendered.ids) - 1
        if places > seq_len and long_rows == "drop":
            tally["dropped_long"] += 1
            continue
        tally["split_long"] += places > seq_len
        number = len(table)
        tokens.append(np.array(rendered.ids, dtype=np.int32))
        weights.append(np.array(rendered.weights, dtype=np.float32))
        for start in range(0, places, seq_len):
            piece = _Piece(row=number, start=start, length=min(seq_len, places - start))
            if weights[-1][start + 1 : start + 1 + piece.length].any():
                pieces.append(piece)
            else:
                tally["untrained_pieces"] += 1
        table.append(_facts(row, rendered, fits=places <= seq_len, is_first=is_first))
        packed.add(row.id)
    sequences = best_fit([piece.length for piece in pieces], seq_len)
    num_trained = _write_arrays(folder, sequences, pieces, tokens, weights, seq_len)
    _write_table(folder / "rows.parquet", table)
    num_tokens = sum(piece.length for piece in pieces)
    return Counts(
        **tally,
        packed=len(packed),
        tokens=num_tokens,
        trained_tokens=num_trained,
        sequences=len(sequences),
        density=num_tokens / max(1, len(sequences) * seq_len),
    )


def _facts(row: Row, rendered: Rendered, *, fits: bool, is_first: bool) -> dict[str, Any]:
    log2_prob = row.log2_prob if row.is_text else row.assistant_log2_prob
    if log2_prob is not None and not is_first:
        log2_prob = 0.0  # of the whole row, and counted with its first sequence
    return {
        "id": row.id,
        "source": row.source,
        "weight": row.weight,
        "tokens": len(rendered.ids),
        "bytes": rendered.num_bytes,
        "trained_bytes": rendered.num_trained_bytes,
        "floor_bits": None if log2_prob is None else -log2_prob,
        "fits": fits,
    }


def _write_arrays(
    folder: Path,
    sequences: list[list[int]],
    pieces: list[_Piece],
    tokens: list[np.ndarray],
    weights: list[np.ndarray],
    seq_len: int,
) -> int:
    """Lay the pieces out and write the arrays; returns how many labels are trained."""
    shape = (len(sequences), seq_len)
    # Padding repeats no row: its row number is -1, and its tokens, 0, are never attended to from a row.
    arrays = {
        "inputs": np.zeros(shape, np.int32),
        "labels": np.zeros(shape, np.int32),
        "weights": np.zeros(shape, np.float32),
        "positions": np.zeros(shape, np.int32),
        "rows": np.full(shape, -1, np.int32),
    }
    ramp = np.arange(seq_len, dtype=np.int32)
    for number, members in enumerate(sequences):
        place = 0
        for piece in (pieces[index] for index in members):
            here = (number, slice(place, place + piece.length))
            there = slice(piece.start, piece.start + piece.length)
            after = slice(piece.start + 1, piece.start + 1 + piece.length)
            arrays["inputs"][here] = tokens[piece.row][there]
            arrays["labels"][here] = tokens[piece.row][after]
            arrays["weights"][here] = weights[piece.row][after]
            arrays["positions"][here] = ramp[: piece.length]
            arrays["rows"][here] = piece.row
            place += piece.length
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return int(np.count_nonzero(arrays["weights"]))


def _write_table(path: Path, table: list[dict[str, Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema(
        [
            ("id", pyarrow.string()),
            ("source", pyarrow.string()),
            ("weight", pyarrow.float64()),
            ("tokens", pyarrow.int32()),
            ("bytes", pyarrow.int32()),
            ("trained_bytes", pyarrow.int32()),
            ("floor_bits", pyarrow.float64()),
            ("fits", pyarrow.bool_()),
        ]
    )
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table, schema=schema), path)
