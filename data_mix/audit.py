"""What is in a mix, measured on the files that were written, not on what was meant to be."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_mix.mix import Tally, content_key
from espalier.rows import Row, read_rows

_NUM_EXAMPLES = 3


@dataclass(kw_only=True, slots=True)
class Bits:
    """Sums over rows of known probability, for the entropy of their source and how surely it is measured."""

    rows: int = 0
    """Rows summed over."""
    bits: float = 0.0
    """Sum of -log2_prob."""
    bytes: int = 0
    """Sum of UTF-8 bytes of the contents."""
    bits_squared: float = 0.0
    bytes_squared: int = 0
    bits_times_bytes: float = 0.0

    def add(self, bits: float, num_bytes: int) -> None:
        """Add one row."""
        self.rows += 1
        self.bits += bits
        self.bytes += num_bytes
        self.bits_squared += bits * bits
        self.bytes_squared += num_bytes * num_bytes
        self.bits_times_bytes += bits * num_bytes

    @property
    def bits_per_byte(self) -> float:
        """All bits over all bytes: what a model's loss on the same rows is compared with, bytes weighing equally."""
        return self.bits / self.bytes

    @property
    def standard_error(self) -> float:
        """Of `bits_per_byte`, a ratio of sums over independent rows (Cochran 1977, Sampling Techniques, 6.4)."""
        ratio = self.bits_per_byte
        squares = self.bits_squared - 2 * ratio * self.bits_times_bytes + ratio * ratio * self.bytes_squared
        return math.sqrt(max(0.0, squares)) / self.bytes


@dataclass(kw_only=True, slots=True)
class Split:
    """Figures of one split, by kind of row: the curriculum's `session` and `dialogue`, or `text` and `chat`."""

    rows: Counter[str] = field(default_factory=Counter)
    """Rows, by kind."""
    num_bytes: Counter[str] = field(default_factory=Counter)
    """UTF-8 bytes of their contents, by kind."""
    lengths: dict[str, Counter[int]] = field(default_factory=dict)
    """Rows by their bytes, by kind."""
    keys: Counter[bytes] = field(default_factory=Counter)
    """Rows by their content (`content_key`)."""
    whole: dict[str, Bits] = field(default_factory=dict)
    """Entropy of whole rows, by kind."""
    assistant: dict[str, Bits] = field(default_factory=dict)
    """Entropy of the assistant's turns alone, by kind."""
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Dialogues of the curriculum, by (mistake, strategy)."""
    sessions: Counter[str] = field(default_factory=Counter)
    """Sessions of the curriculum, by type."""
    examples: dict[str, list[Row]] = field(default_factory=dict)
    """The first rows of each kind."""

    def add(self, row: Row) -> None:
        """Count one row."""
        kind = kind_of(row)
        self.rows[kind] += 1
        self.num_bytes[kind] += row.num_bytes
        self.lengths.setdefault(kind, Counter())[row.num_bytes] += 1
        self.keys[content_key(row.messages)] += 1
        if row.log2_prob is not None:
            self.whole.setdefault(kind, Bits()).add(-row.log2_prob, row.num_bytes)
        if row.assistant_log2_prob is not None:
            self.assistant.setdefault(kind, Bits()).add(-row.assistant_log2_prob, row.num_assistant_bytes)
        if kind == "dialogue":
            self.moves[row.meta["error"], row.meta["strategy"]] += 1
        elif kind == "session":
            self.sessions[row.meta["session"]] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < _NUM_EXAMPLES:
            examples.append(row)

    def repeated(self) -> int:
        """Rows that say what an earlier row of the split says."""
        return self.keys.total() - len(self.keys)

    def also_in(self, other: Split) -> int:
        """Rows that say what some row of `other` says."""
        return sum(count for key, count in self.keys.items() if key in other.keys)


def kind_of(row: Row) -> str:
    """`session` or `dialogue` for rows of the curriculum, whose probability is known; `text` or `chat` for others."""
    if row.log2_prob is None:
        return "text" if row.is_text else "chat"
    return "session" if row.is_text else "dialogue"


def measure(folder: Path) -> dict[str, Split]:
    """Figures of every split in a folder of SPLIT.parquet files: train, valid, then the others by name."""
    splits = {}
    for path in sorted(folder.glob("*.parquet"), key=lambda path: (path.stem not in ("train", "valid"), path.stem)):
        splits[path.stem] = measure_rows(read_rows(path))
    return splits


def measure_rows(rows: Iterable[Row]) -> Split:
    """Figures of some rows."""
    split = Split()
    for row in rows:
        split.add(row)
    return split


def audit(tallies: dict[str, Tally], splits: dict[str, Split]) -> dict[str, Any]:
    """Every record accounted for, and the files as they are found to be.

    Raises ValueError when what was counted on the way is not what stands in the files.
    """
    for name, tally in tallies.items():
        tally.check(name)
    for name, split in splits.items():
        counted = sum(tally.kept[name] for tally in tallies.values())
        if counted != split.rows.total():
            raise ValueError(f"split {name}: {counted} rows were counted and {split.rows.total()} are in the file")
    return {
        "equality": "read + split_off + copies = kept + joined + the sum of dropped",
        "sources": {name: tally.to_dict() for name, tally in tallies.items()},
        "splits": {name: describe(split) for name, split in splits.items()},
        "duplicates": duplicates(splits),
    }


def describe(split: Split) -> dict[str, int]:
    """Rows and bytes of a split."""
    text = split.rows["text"] + split.rows["session"]
    rows = split.rows.total()
    return {"rows": rows, "text_rows": text, "chat_rows": rows - text, "bytes": split.num_bytes.total()}


def duplicates(splits: dict[str, Split]) -> dict[str, dict[str, int]]:
    """For each split, rows equal (but for letter case and white space) to an earlier one and to one of `train`."""
    return {
        name: {"within": split.repeated(), "in_train": split.also_in(splits["train"]) if name != "train" else 0}
        for name, split in splits.items()
    }


ENTROPY_METHOD = (
    "sum over the rows of -log2(probability of the row under the grammar), divided by the sum of the UTF-8 bytes of "
    "their contents. The rows are independent draws, so this estimates the entropy of the source, within the standard "
    "error stated. assistant_: the same for the assistant's turns, given what stands before them."
)


def entropy(split: Split) -> dict[str, dict[str, float | int]]:
    """Entropy of the source in bits per byte, by kind, measured on a split; empty where no probability is known."""
    found: dict[str, dict[str, float | int]] = {}
    for kind, bits in split.whole.items():
        found[kind] = {
            "rows": bits.rows,
            "bits_per_byte": bits.bits_per_byte,
            "standard_error": bits.standard_error,
            "bits_per_row": bits.bits / bits.rows,
            "bytes_per_row": bits.bytes / bits.rows,
        }
        if kind in split.assistant:
            assistant = split.assistant[kind]
            found[kind]["assistant_bits_per_byte"] = assistant.bits_per_byte
            found[kind]["assistant_standard_error"] = assistant.standard_error
    return found
