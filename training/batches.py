"""Batches: a pure function of the step, so that the data cursor of a checkpoint is the step itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import torch

from data_mix.packing.pack import Pack
from training.compared import Compared
from training.sequences import Sequences, Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A micro-batch: sequences, and what an objective needs besides."""

    sequences: Sequences
    """B sequences of S tokens."""
    weights: Tensor
    """(B, S) float32: weight of each label in the loss, 0 where it is not trained."""
    num_trained: int
    """What the loss is divided by: the labels that are trained in all micro-batches of the step, of all processes.
    Weights are no part of it, so that a row of weight 0.5 teaches half as much whatever stands beside it."""
    num_tokens: int
    """Tokens in the batch, padding not counted."""
    row_ids: Callable[[], list[str]]
    """The ids of the rows in the batch, for messages."""
    extras: Mapping[str, Tensor] = field(default_factory=dict)
    """What else an objective is given, by name: pairs of rows, rewards, what a reference said."""

    def each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """The same with every tensor changed alike: moved, pinned."""
        return replace(
            self,
            sequences=self.sequences.each(change),
            weights=change(self.weights),
            extras={name: change(value) for name, value in self.extras.items()},
        )


Batches = Callable[[int], list[Batch]]
"""The micro-batches of a step (0-based), which depend on nothing else."""


class Order:
    """Which sequences of a pack each step takes: all of them once per epoch, newly shuffled every epoch."""

    def __init__(self, num_sequences: int, seed: int) -> None:
        self._size = num_sequences
        # Two epochs at most meet in one batch, unless the pack is tiny.
        self._epoch = lru_cache(maxsize=2)(
            lambda epoch: np.random.default_rng([seed, epoch]).permutation(num_sequences)
        )

    def take(self, start: int, count: int) -> np.ndarray:
        """Sequences `start` to `start + count` of the endless stream of epochs."""
        places = np.arange(start, start + count)
        return np.array([self._epoch(place // self._size)[place % self._size] for place in places.tolist()])


class PackBatches:
    """The micro-batches of each step from a pack; of several processes, those of this one.

    A step is `grad_accum` micro-batches of the same sequences, however many processes share them.
    """

    def __init__(
        self, pack: Pack, *, micro_batch_size: int, grad_accum: int, seed: int, rank: int = 0, world_size: int = 1
    ) -> None:
        if grad_accum % world_size:
            raise ValueError(f"{grad_accum} micro-batches cannot be shared evenly by {world_size} processes")
        self._pack, self._size, self._grad_accum = pack, micro_batch_size, grad_accum
        self._rank, self._world_size = rank, world_size
        self._order = Order(len(pack), seed)
        self._compared = Compared(pack) if pack.columns else None

    def __call__(self, step: int) -> list[Batch]:
        per_step = self._size * self._grad_accum
        chosen = self._order.take(step * per_step, per_step)
        num_trained = int(self._pack.trained(chosen).sum())  # of all processes together
        own = chosen.reshape(self._grad_accum, self._size)[self._rank :: self._world_size]
        if self._compared is None:
            return [make_batch(self._pack, part, num_trained) for part in own]
        totals = self._compared.totals(chosen, self._grad_accum)
        return [make_batch(self._pack, part, num_trained, self._compared.extras(part) | totals) for part in own]


def make_batch(pack: Pack, chosen: np.ndarray, num_trained: int, extras: Mapping[str, Tensor] | None = None) -> Batch:
    """The chosen sequences of a pack as tensors."""
    sequences = make_sequences(pack, chosen)
    return Batch(
        sequences=sequences,
        weights=torch.from_numpy(pack.weights(chosen)),
        num_trained=num_trained,
        num_tokens=int((sequences.rows >= 0).sum()),
        row_ids=lambda: pack.ids_of(chosen),
        extras=extras or {},
    )


def make_sequences(pack: Pack, chosen: np.ndarray) -> Sequences:
    """The chosen sequences of a pack, without what counts in a loss."""
    return Sequences(
        input_ids=torch.from_numpy(pack.inputs[chosen].astype(np.int64)),
        labels=torch.from_numpy(pack.labels[chosen].astype(np.int64)),
        position_ids=torch.from_numpy(pack.positions[chosen].astype(np.int64)),
        rows=torch.from_numpy(pack.rows[chosen].astype(np.int64)),
    )


@contextmanager
def prefetched(batches: Batches, steps: int, device: torch.device) -> Iterator[Batches]:
    """The same batches, on `device`; those of the next step, up to `steps`, are made while this one computes."""
    pending: dict[int, Future[list[Batch]]] = {}

    def made(step: int) -> list[Batch]:
        # A copy to a GPU runs beside what it computes only from memory that is pinned.
        return [batch.each(torch.Tensor.pin_memory) if device.type == "cuda" else batch for batch in batches(step)]

    def of(step: int) -> list[Batch]:
        now = pending.pop(step, None) or maker.submit(made, step)
        if step + 1 < steps:
            pending[step + 1] = maker.submit(made, step + 1)
        return [batch.each(lambda tensor: tensor.to(device, non_blocking=True)) for batch in now.result()]

    with ThreadPoolExecutor(1, thread_name_prefix="batches") as maker:
        yield of
