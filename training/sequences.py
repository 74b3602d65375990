"""Packed sequences, and what a model says at the places in them that are asked about: every row blind to the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch

from espalier.models.rows import rows_apart
from training.head.losses import losses_at, selected_logits
from training.together import unwrapped

Tensor = torch.Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Sequences:
    """B packed sequences of S tokens, each holding one or more rows."""

    input_ids: Tensor
    """(B, S) int64."""
    labels: Tensor
    """(B, S) int64: the token that follows each input token in its row."""
    position_ids: Tensor
    """(B, S) int64, beginning at 0 in every row."""
    rows: Tensor
    """(B, S) int64: number of the row each token belongs to, -1 for padding."""

    def each(self, change: Callable[[Tensor], Tensor]) -> Sequences:
        """The same with every tensor changed alike: moved, pinned."""
        return replace(self, **{field.name: change(getattr(self, field.name)) for field in fields(self)})


def token_losses(model: Any, sequences: Sequences, places: Tensor) -> Tensor:
    """Negative log-likelihood (n,) in nats of the labels at `places` (n,) of the flattened sequences, in float32.

    UserError for a model whose rows nothing keeps apart.
    """
    return losses_at(model, places, sequences.labels.flatten()[places], **_inputs(model, sequences))


def weighted_loss(model: Any, sequences: Sequences, places: Tensor, weights: Tensor) -> Tensor:
    """The same losses, summed by `weights` (n,): known beforehand, they spare an output layer that is trained work."""
    labels = sequences.labels.flatten()[places]
    return losses_at(model, places, labels, weights=weights, **_inputs(model, sequences))


def logits_at(model: Any, sequences: Sequences, places: Tensor) -> Tensor:
    """Logits (n, vocabulary) at `places` (n,) of the flattened sequences, every row blind to its neighbours.

    UserError for a model whose rows nothing keeps apart.
    """
    return selected_logits(model, places, **_inputs(model, sequences))


def _inputs(model: Any, sequences: Sequences) -> dict[str, Any]:
    told = rows_apart(unwrapped(model), sequences.rows)
    return {"input_ids": sequences.input_ids, "attention_mask": told, "position_ids": sequences.position_ids}
