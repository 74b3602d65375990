"""What a training reads, takes in time and writes to the disk, as far as it is known before it begins."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

from data_mix.packing.comparisons import places_taken
from data_mix.packing.rendering import Rendering
from espalier.artifacts import records
from espalier.artifacts.paths import artifact, workspace
from espalier.text.chat import ChatRenderer
from espalier.text.rows import Row, read_rows
from training.config import TrainConfig
from training.memory import resident
from training.memory.shapes import Shape

_LOOKED_AT = 64
"""Rows of most characters that are tokenised to learn how many tokens the longest takes."""
_ALIKE = ("parent", "base", "model", "load_in_4bit", "memory", "compile", "seq_len", "micro_batch_size")
"""Keys by which two runs go at one speed on one device, beside whether they have an adapter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    """Bytes that a run writes."""

    checkpoint: int
    """One checkpoint: what is trained, and the optimizer's states."""
    checkpoints: int
    """Those kept, and the one that is written before the oldest is removed."""
    final: int
    """The weights at the end; of an adapter, its own."""
    pack: int | None
    """The packed rows; None where they are not counted yet."""


def on_disk(shape: Shape, config: TrainConfig, sequences: int | None) -> Disk:
    """What a run writes; tokenizer and logs, some megabytes, are left out."""
    what = resident.trained(shape, config.adapter)
    weights = 4 * (what.numbers + what.begun_with if config.adapter else shape.parameters)
    checkpoint = weights + sum(resident.states(what, config.optim.kind))
    kept = min(config.keep_checkpoints + 1, max(1, -(-config.steps // config.checkpoint_every)))
    # Five arrays of four bytes a place, and what each reference gives.
    pack = None if sequences is None else (20 + 4 * len(config.compared_with)) * config.seq_len * sequences
    return Disk(checkpoint=checkpoint, checkpoints=kept * checkpoint, final=weights, pack=pack)


def packed(config: TrainConfig) -> dict[str, Any] | None:
    """What a pack of the mix for this length counted, whatever tokenizer it is of; None where there is none yet."""
    folder = artifact("mixes", config.mix) / "packs"
    for path in sorted(folder.glob(f"*/{records.MANIFEST}")):
        manifest = records.read_json(path)
        if (manifest.get("seq_len"), manifest.get("rows")) == (config.seq_len, config.rows):
            counts: dict[str, Any] = manifest["splits"]["train"]
            return counts
    return None


def measured_speed(config: TrainConfig, device: str) -> tuple[float, str] | None:
    """Tokens per second of a finished run that computed alike on such a device, and its name."""
    wanted = _alike(config.model_dump(mode="json"))
    for path in sorted((workspace() / "runs").glob("*/run.json"), reverse=True):
        begun = records.read_json(path)
        manifest = records.read_manifest(path.parent)
        if manifest and _alike(begun["config"]) == wanted and begun["environment"].get("device") == device:
            speed = manifest["summary"].get("tokens_per_second")
            if speed:
                return float(speed), path.parent.name
    return None


def _alike(config: dict[str, Any]) -> dict[str, Any]:
    return {key: config.get(key) for key in _ALIKE} | {"adapter": bool(config.get("adapter"))}


def longest_row(config: TrainConfig, renderer: ChatRenderer) -> int | None:
    """Places that the longest training row takes, or the longest pair of replies, as far as the rows of most characters
    tell; None without a mix."""
    folder = artifact("mixes", config.mix)
    compares = config.rows == "preference"
    path = (folder / "preferences" if compares else folder) / "train.parquet"
    if not records.is_complete(folder) or not path.is_file():
        return None
    longest = heapq.nlargest(_LOOKED_AT, read_rows(path), key=_characters)
    if compares:
        return max(places_taken(renderer, longest), default=None)
    lengths = [len(sequence.ids) - 1 for _, sequence, _ in Rendering(renderer, config.rows, "drop").of(longest)]
    return max(lengths, default=None)


def _characters(row: Row) -> int:
    """Of a preference, the prompt as often as it is shown."""
    replies = [reply for reply in (row.chosen, row.rejected) if reply is not None]
    said = [*row.messages * max(1, len(replies)), *(message for reply in replies for message in reply)]
    return sum(len(message["content"] or "") for message in said)
