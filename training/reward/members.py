"""Which prompts teach which member of an ensemble: a bootstrap that depends on a prompt's row and the seed alone."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from data_mix.packing.pack import Pack


def taught(pack: Pack, members: int, seed: int) -> NDArray[np.float32]:
    """(R, members): how much each row of a pack of preferences teaches each member, the same for all of a group.

    Poisson(1), which is what drawing prompts with replacement comes to where they are many; 1 for a single member.
    """
    if members == 1:
        return np.ones((len(pack.row_group), 1), np.float32)
    _, first, group = np.unique(pack.row_group, return_index=True, return_inverse=True)
    ids = pack.row_ids
    drawn = np.stack([_draw(ids[row], members, seed) for row in first])
    drawn[:, ~drawn.any(axis=0)] = 1  # of a few prompts a draw may be empty
    found: NDArray[np.float32] = drawn.astype(np.float32)[group]
    return found


def _draw(row_id: str, members: int, seed: int) -> NDArray[np.int64]:
    digest = hashlib.sha256(f"{seed} {row_id}".encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32)).poisson(1.0, members)
