"""Replies that are compared: what a model gives each, which are pairs, and how their losses add up over a step.

What a batch says of its n rows, a reply each, stands in `training/compared.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from training.batches import Batch
from training.sequences import Tensor, token_losses


@dataclass(frozen=True, slots=True)
class Said:
    """What a model gives to the tokens of the replies in a batch."""

    places: Tensor
    """(t,) int64: places of the trained tokens in the flattened sequences."""
    owner: Tensor
    """(t,) int64: the row that each belongs to."""
    log_probs: Tensor
    """(t,) float32, in nats."""
    num_rows: int
    """n."""

    def by_row(self, values: Tensor) -> Tensor:
        """(n,): sums of `values` (t,) over the tokens of each row."""
        return values.new_zeros(self.num_rows).index_add(0, self.owner, values)

    @property
    def lengths(self) -> Tensor:
        """(n,) float32: trained tokens of each row, 1 for one that weighs nothing."""
        return self.by_row(torch.ones_like(self.log_probs)).clamp(min=1)


def said(model: Any, batch: Batch) -> Said:
    """What `model` gives to the replies' tokens in `batch`, with gradients."""
    places = torch.nonzero(batch.weights.flatten()).squeeze(1)
    log_probs = -token_losses(model, batch.sequences, places)
    owner = batch.extras["owner"].flatten()[places]
    return Said(places, owner, log_probs, len(batch.extras["last"]))


def together(batch: Batch) -> Tensor:
    """(n, n) bool: rows of one group; a tiny pack may give one sequence twice, whose rows are then apart."""
    group, sequence = batch.extras["group"], batch.extras["last"] // batch.weights.shape[1]
    found: Tensor = (group[:, None] == group) & (sequence[:, None] == sequence)
    return found


def pairs_of(batch: Batch, column: int = 0) -> Tensor:
    """(P, 2) int64: rows of one group whose targets differ by a column, the one with the greater number first."""
    targets = batch.extras["targets"][:, column]
    return torch.nonzero(together(batch) & (targets[:, None] > targets))


def pair_shares(batch: Batch, pairs: Tensor, column: int = 0) -> Tensor:
    """(P,) float32: what the loss of each pair is multiplied by so that those of a step's micro-batches add up to the
    mean over all its pairs of each one's loss times its weight, which is the lesser of its rows'."""
    weights = batch.extras["row_weights"][pairs].amin(1)
    return weights / batch.extras["step_pairs"][column].clamp(min=1)


def row_shares(batch: Batch, column: int = 0) -> Tensor:
    """(n,) float32: the same for a loss of each row, of which the column is known; 0 where it is not."""
    known = ~batch.extras["targets"][:, column].isnan()
    return batch.extras["row_weights"] * known / batch.extras["step_known"][column].clamp(min=1)
