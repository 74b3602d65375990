"""Batches: a pure function of the step, so that the data cursor of a checkpoint is the step itself."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from data_mix.packing.pack import Pack
from training.objectives import Batch


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


class Batches:
    """The micro-batches of each step; of several processes, those of this one."""

    def __init__(
        self, pack: Pack, *, micro_batch_size: int, grad_accum: int, seed: int, rank: int = 0, world_size: int = 1
    ) -> None:
        self._pack, self._size, self._grad_accum = pack, micro_batch_size, grad_accum
        self._rank, self._world_size = rank, world_size
        self._order = Order(len(pack), seed)

    def __call__(self, step: int) -> list[Batch]:
        per_step = self._size * self._grad_accum * self._world_size
        chosen = self._order.take(step * per_step, per_step)
        num_trained = int(self._pack.trained(chosen).sum())  # of all processes together
        own = chosen.reshape(self._grad_accum, self._world_size, self._size)[:, self._rank]
        return [make_batch(self._pack, part, num_trained) for part in own]


def make_batch(pack: Pack, chosen: np.ndarray, num_trained: int) -> Batch:
    """The chosen sequences of a pack as tensors."""
    rows = pack.rows[chosen]
    return Batch(
        input_ids=torch.from_numpy(pack.inputs[chosen].astype(np.int64)),
        labels=torch.from_numpy(pack.labels[chosen].astype(np.int64)),
        weights=torch.from_numpy(pack.weights(chosen)),
        position_ids=torch.from_numpy(pack.positions[chosen].astype(np.int64)),
        rows=torch.from_numpy(rows.astype(np.int64)),
        num_tokens=int((rows >= 0).sum()),
        row_ids=lambda: pack.ids_of(chosen),
        num_trained=num_trained,
    )
