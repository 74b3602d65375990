"""Held-out loss in bits per byte, its excess over the source's entropy where that is known, and pairs told right."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from data_mix.packing.pack import Pack
from espalier.artifacts.run import Run
from espalier.command_line import processes
from espalier.command_line.console import progress
from espalier.models.compiling import eager
from training.batches import make_sequences
from training.compared import pairs_in_groups
from training.config import HeldoutSettings
from training.observers import CONTINUE, Step, Verdict
from training.sequences import token_losses
from training.together import on_main, summed

Figures = dict[str, float | int | None]
_SHOWN_AFTER_S = 3.0


@torch.no_grad()
def measure(
    model: Any,
    pack: Pack,
    *,
    batch_size: int,
    max_sequences: int | None = None,
    max_seconds: float | None = None,
    label: str = "",
) -> dict[str, Figures]:
    """Figures for the rows that `fit` a sequence whole and, apart, for the `longer` ones, which lose their context.

    bits_per_byte      cost of the trained tokens, the one that ends a text or turn included, over bytes of trained text
    floor              what the source's own entropy makes of the same rows; None where it is not known
    excess             bits_per_byte / floor - 1
    sequences, of      how many packed sequences were measured, and of how many

    Of preferences, the rows are the replies that are good, or all where none is said to be; and where they are compared
    with a reference, by the column `preferred`,

    pairs              how many of a better and a worse reply there are
    accuracy           share of them in which the better one gained more on the reference; a tie is half right
    margin             by how many nats more, on average

    Where they are bounded by number or by time, the sequences are taken evenly from all of them. `label` shows progress
    under this name, once it takes longer than a moment. Where several processes train together, all have to ask, and
    each measures its share.
    """
    nats = np.zeros(len(pack.row_weights))
    tokens = np.zeros(len(pack.row_weights), dtype=np.int64)
    reference = pack.references.get("reference")
    gained = np.zeros(len(pack.row_weights))
    sequences = spread(len(pack), min(len(pack), max_sequences or len(pack)))
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    done, begun = 0, time.monotonic()
    display = progress(len(sequences), label) if label else nullcontext()
    with eager(), display as shown:
        for start in range(0, len(sequences), batch_size * processes.count()):
            together = sequences[start : start + batch_size * processes.count()]
            # Where weights are parted, each forward pass is one of all processes: one with nothing left repeats some.
            chosen = together[processes.rank() :: processes.count()]
            counts = len(chosen) > 0
            chosen = chosen if counts else together[:1]
            batch = make_sequences(pack, chosen).each(lambda tensor: tensor.to(device))
            trained = np.flatnonzero(pack.trained(chosen))
            losses = token_losses(model, batch, torch.from_numpy(trained).to(device)).cpu().numpy()
            if counts:
                owners = pack.rows[chosen].ravel()[trained]
                np.add.at(nats, owners, losses)
                np.add.at(tokens, owners, 1)
                if reference is not None:
                    np.add.at(gained, owners, -losses - reference[chosen].ravel()[trained])
            done += len(together)
            seconds = time.monotonic() - begun
            if shown is not None and seconds > _SHOWN_AFTER_S:
                shown.update(done, {})
            if max_seconds is not None and on_main(lambda: seconds > max_seconds):  # noqa: B023
                break
    model.train(was_training)
    nats, tokens = summed(nats, device), summed(tokens, device)
    measured = tokens > 0
    figures = {
        name: _figures(pack, nats, tokens, measured & _good(pack) & (pack.row_fits == fits))
        | {"sequences": done, "of": len(pack)}
        for name, fits in (("fit", True), ("longer", False))
    }
    if reference is not None:
        figures["fit"] |= _of_pairs(pack, summed(gained, device), measured)
    return figures


def spread(size: int, count: int) -> np.ndarray:
    """`count` of `size` sequences in an order of which any beginning is spread evenly over all of them.

    Packing sorts by length, so the first sequences alone would be the longest rows.
    """
    even = np.linspace(0, size, count, endpoint=False).astype(int)
    bits = max(1, (count - 1).bit_length())
    reversed_bits = [int(f"{place:0{bits}b}"[::-1], 2) for place in range(1 << bits)]
    return even[[place for place in reversed_bits if place < count]]


def _good(pack: Pack) -> np.ndarray:
    """(R,) bool: the rows whose loss is worth knowing: not those of which it is to rise."""
    if not pack.columns:
        return np.ones(len(pack.row_weights), bool)
    good: np.ndarray = pack.row_targets[:, 0] == 1
    return good if good.any() else ~good


def _of_pairs(pack: Pack, gained: np.ndarray, measured: np.ndarray) -> Figures:
    """How pairs are told by what each reply (R,) has gained on the reference, in nats."""
    rows = np.flatnonzero(measured)
    pairs = rows[pairs_in_groups(pack.row_group[rows], pack.row_targets[rows, 0])]
    if not len(pairs):
        return {"pairs": 0}
    margins = gained[pairs[:, 0]] - gained[pairs[:, 1]]
    accuracy = float((margins > 0).mean() + (margins == 0).mean() / 2)
    return {"pairs": len(pairs), "accuracy": accuracy, "margin": float(margins.mean())}


def _figures(pack: Pack, nats: np.ndarray, tokens: np.ndarray, rows: np.ndarray) -> Figures:
    num_bytes, num_tokens = int(pack.row_trained_bytes[rows].sum()), int(tokens[rows].sum())
    if not num_bytes or not num_tokens:
        return {"rows": 0}
    total, floor_bits = float(nats[rows].sum()), float(pack.row_floor_bits[rows].sum())
    bits_per_byte = total / math.log(2) / num_bytes
    floor = floor_bits / num_bytes if math.isfinite(floor_bits) and floor_bits > 0 else None
    return {
        "rows": int(rows.sum()),
        "tokens": num_tokens,
        "bytes": num_bytes,
        "loss": total / num_tokens,
        "bits_per_byte": bits_per_byte,
        "floor": floor,
        "floor_loss": None if floor is None else floor_bits * math.log(2) / num_tokens,
        "excess": None if floor is None else bits_per_byte / floor - 1,
    }


class HeldoutLoss:
    """The observer that measures the split `valid` every so often."""

    def __init__(self, packs: Mapping[str, Pack], settings: HeldoutSettings, run: Run) -> None:
        self._pack, self._settings, self._run = packs.get("valid"), settings, run

    def __call__(self, step: Step) -> Verdict:
        every = self._settings.every
        if self._pack is not None and every and (step.number % every == 0 or step.last):
            figures = measure(
                step.model,
                self._pack,
                batch_size=self._settings.batch_size,
                max_sequences=self._settings.max_sequences,
            )["fit"]
            facts = {
                "heldout_loss": figures.get("loss"),
                "heldout_bits_per_byte": figures.get("bits_per_byte"),
                "heldout_excess": figures.get("excess"),
                **{f"heldout_{name}": figures[name] for name in ("accuracy", "margin") if name in figures},
            }
            self._run.log(step.number, facts)
        return CONTINUE
