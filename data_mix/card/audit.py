"""What is in a mix, measured on the files that were written, not on what was meant to be."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow
import pyarrow.compute
import pyarrow.parquet
from numpy.typing import NDArray

from data_mix.card import preference_figures
from data_mix.card.plots import UNKNOWN
from data_mix.card.preference_figures import FOLDER, Preferences
from data_mix.mixing.tally import Tally
from espalier.text.messages import TEXT_ROLE
from espalier.text.rows import ROWS_PER_GROUP, Row, row_from_record

_NUM_EXAMPLES = 2


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
class Sizes:
    """How much there is of something."""

    rows: int = 0
    bytes: int = 0
    """UTF-8 bytes of the contents."""
    tokens: int = 0
    """Tokens of the contents; 0 where the mix counts none."""


@dataclass(kw_only=True, slots=True)
class Split:
    """Figures of one split, by kind of row: the curriculum's `session` and `dialogue`, or `text` and `chat`."""

    rows: Counter[str] = field(default_factory=Counter)
    """Rows, by kind."""
    num_bytes: Counter[str] = field(default_factory=Counter)
    """UTF-8 bytes of their contents, by kind."""
    lengths: dict[str, Counter[int]] = field(default_factory=dict)
    """Rows by their bytes, by kind."""
    by_source: dict[str, Sizes] = field(default_factory=dict)
    """Sizes, by source."""
    languages: dict[str, Counter[str]] = field(default_factory=dict)
    """Rows by language, by source."""
    whole: dict[str, Bits] = field(default_factory=dict)
    """Entropy of whole rows, by kind."""
    assistant: dict[str, Bits] = field(default_factory=dict)
    """Entropy of the assistant's turns alone, by kind."""
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Dialogues of the curriculum, by (mistake or switch, strategy)."""
    sessions: Counter[str] = field(default_factory=Counter)
    """Sessions of the curriculum, by type."""
    examples: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    """The first rows of each (source, kind)."""

    def add(self, batch: pyarrow.RecordBatch) -> None:
        """Count a batch of rows."""
        if not batch.num_rows:
            return
        sizes, assistant_sizes, is_text = _sizes(batch["messages"])
        tokens = pyarrow.compute.fill_null(batch["num_tokens"], 0).to_numpy()
        sources = np.array(batch["source"].to_pylist())
        metas = [orjson.loads(meta) for meta in batch["meta"].to_pylist()]
        drawn = batch["log2_prob"].is_valid().to_numpy(zero_copy_only=False)
        kinds = np.where(drawn, np.where(is_text, "session", "dialogue"), np.where(is_text, "text", "chat"))
        for kind in np.unique(kinds).tolist():
            mine = kinds == kind
            self.rows[kind] += int(mine.sum())
            self.num_bytes[kind] += int(sizes[mine].sum())
            values, counts = np.unique(sizes[mine], return_counts=True)
            lengths = self.lengths.setdefault(kind, Counter())
            lengths.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        for source in np.unique(sources).tolist():
            mine = sources == source
            total = self.by_source.setdefault(source, Sizes())
            total.rows += int(mine.sum())
            total.bytes += int(sizes[mine].sum())
            total.tokens += int(tokens[mine].sum())
            spoken = (metas[row].get("language") for row in np.flatnonzero(mine).tolist())
            self.languages.setdefault(source, Counter()).update(
                language if isinstance(language, str) else UNKNOWN for language in spoken
            )
        for row in np.flatnonzero(drawn).tolist():
            self._add_drawn(kinds[row], metas[row])
        self._add_bits(batch, kinds, sizes, assistant_sizes)
        self._add_examples(batch, sources, kinds)

    def _add_drawn(self, kind: str, meta: dict[str, Any]) -> None:
        if kind == "dialogue":
            self.moves[meta.get("change", meta["error"]), meta["strategy"]] += 1
        else:
            self.sessions[meta["session"]] += 1

    def _add_bits(
        self,
        batch: pyarrow.RecordBatch,
        kinds: NDArray[np.str_],
        sizes: NDArray[np.int64],
        assistant_sizes: NDArray[np.int64],
    ) -> None:
        for column, found, lengths in (
            ("log2_prob", self.whole, sizes),
            ("assistant_log2_prob", self.assistant, assistant_sizes),
        ):
            for row, log2_prob in enumerate(batch[column].to_pylist() if batch[column].null_count < len(batch) else []):
                if log2_prob is not None:
                    found.setdefault(str(kinds[row]), Bits()).add(-log2_prob, int(lengths[row]))

    def _add_examples(self, batch: pyarrow.RecordBatch, sources: NDArray[np.str_], kinds: NDArray[np.str_]) -> None:
        for source, kind in sorted(set(zip(sources.tolist(), kinds.tolist(), strict=True))):
            examples = self.examples.setdefault((source, kind), [])
            rows = np.flatnonzero((sources == source) & (kinds == kind))
            for row in rows[: _NUM_EXAMPLES - len(examples)].tolist():
                record = batch.slice(row, 1).to_pylist()[0]
                examples.append(row_from_record(record))


def measure(folder: Path) -> dict[str, Split]:
    """Figures of every split in a folder of SPLIT.parquet files: train, valid, then the others by name."""
    splits = {}
    for path in sorted(folder.glob("*.parquet"), key=lambda path: (path.stem not in ("train", "valid"), path.stem)):
        splits[path.stem] = Split()
        with pyarrow.parquet.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(ROWS_PER_GROUP):
                splits[path.stem].add(batch)
    return splits


def _sizes(messages: pyarrow.ListArray) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """(N,) each: UTF-8 bytes of the contents, those of the assistant's alone, and whether the row is plain text."""
    parts = messages.flatten()
    lengths = pyarrow.compute.binary_length(parts.field("content")).to_numpy().astype(np.int64)
    roles = parts.field("role")
    by_assistant = pyarrow.compute.equal(roles, "assistant").to_numpy(zero_copy_only=False)
    starts = messages.offsets.to_numpy()[:-1] - messages.offsets[0].as_py()
    is_text = pyarrow.compute.equal(roles, TEXT_ROLE).to_numpy(zero_copy_only=False)[starts]
    return np.add.reduceat(lengths, starts), np.add.reduceat(lengths * by_assistant, starts), is_text


def audit(
    tallies: dict[str, Tally],
    splits: dict[str, Split],
    preferences: dict[str, dict[str, Preferences]] | None = None,
) -> dict[str, Any]:
    """Every record accounted for, and the files as they are found to be.

    Raises ValueError when what was counted on the way is not what stands in the files.
    """
    in_files = {split: {name: sizes.rows for name, sizes in found.by_source.items()} for split, found in splits.items()}
    for split, found in (preferences or {}).items():
        in_files[f"{FOLDER}/{split}"] = {name: figures.rows for name, figures in found.items()}
    for name, tally in tallies.items():
        tally.check(name)
        for split, counted in tally.kept.items():
            rows = in_files.get(split, {}).get(name, 0)
            if counted != rows:
                raise ValueError(f"split {split}: {counted} rows of {name} were counted and {rows} are in the file")
    for split, by_source in in_files.items():
        strangers = {name for name in by_source if not tallies[name].kept[split]}
        if strangers:
            raise ValueError(f"split {split}: it holds rows of {strangers}, which were not counted")
    return {
        "equality": "read + split_off + copies = kept + joined + the sum of dropped",
        "sources": {name: tally.to_dict() for name, tally in tallies.items()},
        "splits": {name: describe(split) for name, split in splits.items()},
        "preferences": preference_figures.describe(preferences or {}),
    }


def check_shares(audited: dict[str, Any]) -> None:
    """Add to `audited["shares"]` what each source really gives, measured on the files, beside what it was to give."""
    shares = audited["shares"]
    if shares is None:
        return
    for split, target in (("train", "target"), ("valid", "valid_target")):
        sizes = audited["splits"][split]["sources"]
        total = sum(found[shares["unit"]] for found in sizes.values())
        for name, source in shares["sources"].items():
            realised = sizes.get(name, {}).get(shares["unit"], 0)
            source[split] = {
                "target": source.pop(target),
                "realised": realised,
                "realised_percent": 100 * realised / total if total else 0.0,
            }


def describe(split: Split) -> dict[str, Any]:
    """Rows and sizes of a split, and of each source in it."""
    text = split.rows["text"] + split.rows["session"]
    rows = split.rows.total()
    return {
        "rows": rows,
        "text_rows": text,
        "chat_rows": rows - text,
        "bytes": split.num_bytes.total(),
        "tokens": sum(sizes.tokens for sizes in split.by_source.values()),
        "sources": {
            name: {"rows": sizes.rows, "bytes": sizes.bytes, "tokens": sizes.tokens}
            for name, sizes in sorted(split.by_source.items())
        },
        "languages": {name: dict(sorted(found.items())) for name, found in sorted(split.languages.items())},
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
