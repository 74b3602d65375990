"""One split of a pack, written as its rows come: memory does not grow with the mix.

Rows are laid into sequences by windows of some millions of tokens, which are packed as tightly as all of them together
would be, and appended to the arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from data_mix.packing.best_fit import best_fit
from data_mix.packing.rendering import Rendering
from espalier.text.chat import Rendered
from espalier.text.rows import Row

LongRows = Literal["split", "drop"]

SEQUENCES = {"inputs": np.int32, "labels": np.int32, "weights": np.float32, "positions": np.int32, "rows": np.int32}
"""Arrays (N, S) with an entry for each place of each sequence."""
ROWS = {"row_weights": np.float32, "row_fits": np.bool_, "row_trained_bytes": np.int32, "row_floor_bits": np.float64}
"""Arrays (R,) with an entry for each line of rows.parquet."""
WINDOW_TOKENS = 1 << 24
"""Tokens that are held, and laid into sequences, at a time."""
_WRITTEN_TOKENS = 1 << 20


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
    unanswered_end: int
    """Rows that go on after their last reply; what comes then is answered by nobody, and not read."""
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
    longest: int
    """Places of the longest row or piece in the pack."""
    longest_row: str
    """Its row."""
    tokens: int
    """Tokens in the pack."""
    trained_tokens: int
    """Those of them that are targets of the loss."""
    sequences: int
    """Sequences they fill."""
    density: float
    """Share of the sequences' places that hold a token."""


def build(
    rendering: Rendering,
    rows: Iterable[Row],
    folder: Path,
    seq_len: int,
    long_rows: LongRows,
) -> Counts:
    """Render the rows and write them into `folder`, which is made; returns what became of them."""
    folder.mkdir()
    tally = rendering.tally
    packed, last = 0, None
    with Packing(folder, seq_len) as packing:
        for row, rendered, is_first in rendering.of(rows):
            places = len(rendered.ids) - 1
            if places > seq_len and long_rows == "drop":
                tally["dropped_long"] += 1
                continue
            tally["split_long"] += places > seq_len
            tally["untrained_pieces"] += packing.add(row, rendered, is_first=is_first)
            packed += row.id != last
            last = row.id
    facts: dict[str, Any] = tally | packing.counts
    return Counts(**facts, packed=packed)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """A stretch of a row that lies in one sequence."""

    row: int
    inputs: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


@dataclass
class Packing:
    """The open files of a split, and the window of pieces that are still to be laid into sequences.

    A context manager; what it has counted stands once that is left.
    """

    folder: Path
    """Exists, and is empty."""
    seq_len: int
    more: Mapping[str, tuple[type, int]] = field(default_factory=dict)
    """Arrays with an entry for each row beside `ROWS`: type, and how many numbers an entry holds, 0 for a bare one."""
    num_rows: int = 0
    num_sequences: int = 0
    num_tokens: int = 0
    num_trained: int = 0
    longest: int = 0
    longest_row: str = ""
    held_tokens: int = 0
    _units: list[list[_Piece]] = field(default_factory=list)
    _table: list[dict[str, Any]] = field(default_factory=list)
    _files: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        from pyarrow import parquet

        opened = self._files.enter_context
        self._sequences = {
            name: opened(_GrowingArray(self.folder / f"{name}.npy", dtype, (self.seq_len,)))
            for name, dtype in SEQUENCES.items()
        }
        self._facts = {
            name: opened(_GrowingArray(self.folder / f"{name}.npy", dtype, (size,) if size else ()))
            for name, (dtype, size) in {**{name: (dtype, 0) for name, dtype in ROWS.items()}, **self.more}.items()
        }
        self._rows = opened(parquet.ParquetWriter(self.folder / "rows.parquet", _schema()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.flush()
        self._files.__exit__(kind, error, trace)

    @property
    def counts(self) -> dict[str, Any]:
        """Facts of what was written, by the names of `Counts`."""
        return {
            "longest": self.longest,
            "longest_row": self.longest_row,
            "tokens": self.num_tokens,
            "trained_tokens": self.num_trained,
            "sequences": self.num_sequences,
            "density": self.num_tokens / max(1, self.num_sequences * self.seq_len),
        }

    def add(self, row: Row, rendered: Rendered, *, is_first: bool) -> int:
        """Take a row, in pieces where it is longer than a sequence; returns how many of them teach nothing and are
        left out."""
        ids = np.array(rendered.ids, dtype=np.int32)
        weights = np.array(rendered.weights, dtype=np.float32)
        places, untrained = len(ids) - 1, 0
        for start in range(0, places, self.seq_len):
            here, after = slice(start, min(start + self.seq_len, places)), slice(start + 1, start + 1 + self.seq_len)
            piece = _Piece(row=self.num_rows, inputs=ids[here], labels=ids[after], weights=weights[after])
            if not piece.weights.any():
                untrained += 1
                continue
            self._hold([piece], row)
        self._table.append(_facts(row, rendered, fits=places <= self.seq_len, is_first=is_first))
        self.num_rows += 1
        self._flush_if_full()
        return untrained

    def add_together(self, members: Sequence[tuple[Row, Rendered, Mapping[str, Any]]]) -> None:
        """Take rows that are to lie in one sequence, which they fit, each with its entries of all arrays of `more`."""
        pieces = []
        for row, rendered, facts in members:
            ids = np.array(rendered.ids, dtype=np.int32)
            weights = np.array(rendered.weights[1:], dtype=np.float32)
            pieces.append(_Piece(row=self.num_rows, inputs=ids[:-1], labels=ids[1:], weights=weights))
            self._table.append(_facts(row, rendered, fits=True, is_first=True) | dict(facts))
            self.num_rows += 1
        self._hold(pieces, members[0][0])
        self._flush_if_full()

    def _hold(self, unit: list[_Piece], row: Row) -> None:
        self._units.append(unit)
        size = _size(unit)
        self.held_tokens += size
        if size > self.longest:
            self.longest, self.longest_row = size, row.id

    def _flush_if_full(self) -> None:
        if self.held_tokens >= WINDOW_TOKENS:
            self.flush()

    def flush(self) -> None:
        """Lay what is held into sequences, and write it."""
        import pyarrow

        sequences = best_fit([_size(unit) for unit in self._units], self.seq_len)
        at_once = max(1, _WRITTEN_TOKENS // self.seq_len)
        for start in range(0, len(sequences), at_once):
            some = sequences[start : start + at_once]
            self._write([[piece for index in members for piece in self._units[index]] for members in some])
        for name, file in self._facts.items():
            file.append([facts[name] for facts in self._table])
        self._rows.write_table(pyarrow.Table.from_pylist(self._table, schema=_schema()))
        self.num_sequences += len(sequences)
        self.num_tokens += self.held_tokens
        self.held_tokens = 0
        self._units.clear()
        self._table.clear()

    def _write(self, sequences: list[list[_Piece]]) -> None:
        shape = (len(sequences), self.seq_len)
        # Padding repeats no row: its row number is -1, and its tokens, 0, are never attended to from a row.
        arrays = {name: np.full(shape, -1 if name == "rows" else 0, dtype) for name, dtype in SEQUENCES.items()}
        ramp = np.arange(self.seq_len, dtype=np.int32)
        for number, members in enumerate(sequences):
            place = 0
            for piece in members:
                here = (number, slice(place, place + len(piece.inputs)))
                arrays["inputs"][here] = piece.inputs
                arrays["labels"][here] = piece.labels
                arrays["weights"][here] = piece.weights
                arrays["positions"][here] = ramp[: len(piece.inputs)]
                arrays["rows"][here] = piece.row
                place += len(piece.inputs)
        for name, array in arrays.items():
            self._sequences[name].append(array)
        self.num_trained += int(np.count_nonzero(arrays["weights"]))


def _size(unit: Sequence[_Piece]) -> int:
    """Places of pieces that lie in one sequence."""
    return sum(len(piece.inputs) for piece in unit)


class _GrowingArray:
    """A .npy file that is appended to along its first axis, for which numpy's header leaves room."""

    def __init__(self, path: Path, dtype: type, inner: tuple[int, ...]) -> None:
        self._dtype, self._inner, self._length = np.dtype(dtype), inner, 0
        self._file = path.open("wb")
        self._write_header()

    def append(self, values: Any) -> None:
        array = np.asarray(values, dtype=self._dtype).reshape(-1, *self._inner)
        self._file.write(np.ascontiguousarray(array).data)
        self._length += len(array)

    def _write_header(self) -> None:
        facts = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self._length, *self._inner),
        }
        np.lib.format.write_array_header_1_0(self._file, facts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.seek(0)
        self._write_header()
        self._file.close()


def _facts(row: Row, rendered: Rendered, *, fits: bool, is_first: bool) -> dict[str, Any]:
    """What is kept of a row, in rows.parquet or in an array."""
    log2_prob = row.log2_prob if row.is_text else row.assistant_log2_prob
    if log2_prob is not None and not is_first:
        log2_prob = 0.0  # of the whole row, and counted with its first sequence
    return {
        "id": row.id,
        "source": row.source,
        "tokens": len(rendered.ids),
        "bytes": rendered.num_bytes,
        "row_weights": row.weight,
        "row_fits": fits,
        "row_trained_bytes": rendered.num_trained_bytes,
        "row_floor_bits": np.nan if log2_prob is None else -log2_prob,
    }


def _schema() -> Any:
    import pyarrow

    return pyarrow.schema(
        [
            ("id", pyarrow.string()),
            ("source", pyarrow.string()),
            ("tokens", pyarrow.int32()),
            ("bytes", pyarrow.int32()),
        ]
    )
