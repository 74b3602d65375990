"""Objectives: pure functions `(model, batch) -> loss, facts`. The loop knows nothing else about what is learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F

Tensor = torch.Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Packed sequences, each holding one or more rows. B sequences of S tokens."""

    input_ids: Tensor
    """(B, S) int64."""
    labels: Tensor
    """(B, S) int64: the token that follows each input token in its row."""
    weights: Tensor
    """(B, S) float32: weight of each label in the loss, 0 where it is not trained."""
    position_ids: Tensor
    """(B, S) int64, beginning at 0 in every row."""
    rows: Tensor
    """(B, S) int64: number of the row each token belongs to, -1 for padding."""
    num_tokens: int
    """Tokens in the batch, padding not counted."""
    row_ids: Callable[[], list[str]]
    """The ids of the rows in the batch, for messages."""
    total_weight: float
    """What the loss is divided by: the sum of `weights` over all micro-batches of the step."""

    def attention_mask(self) -> Tensor:
        """(B, 1, S, S) bool: a token sees itself and what stands before it in its own row."""
        same_row = self.rows[:, :, None] == self.rows[:, None, :]
        return (same_row & _causal(self.rows.shape[1], self.rows.device)).unsqueeze(1)

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        if self.input_ids.device == device:
            return self
        names = ("input_ids", "labels", "weights", "position_ids", "rows")
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in names})


Facts = dict[str, Tensor]
Objective = Callable[[Any, Batch], tuple[Tensor, Facts]]


def token_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Negative log-likelihood in nats of each label, (B, S), in float32 whatever the logits are."""
    return F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), reduction="none").view_as(labels)


def sft(model: Any, batch: Batch, *, losses: Callable[[Tensor, Tensor], Tensor] = token_losses) -> tuple[Tensor, Facts]:
    """Supervised fine-tuning: the weighted mean of the loss over the trained tokens of the step.

    Micro-batches add up: their losses are shares of the mean over the whole step, exact to the token, however the
    trained tokens fall among them. `losses` may be a compiled `token_losses`.
    """
    logits = forward(model, batch)
    loss = (losses(logits, batch.labels) * batch.weights).sum() / batch.total_weight
    return loss, {}


def forward(model: Any, batch: Batch) -> Tensor:
    """Logits (B, S, vocabulary), every row blind to its neighbours."""
    logits: Tensor = model(
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask(),
        position_ids=batch.position_ids,
        use_cache=False,
    ).logits
    return logits


_CAUSAL: dict[tuple[int, torch.device], Tensor] = {}


def _causal(seq_len: int, device: torch.device) -> Tensor:
    key = (seq_len, device)
    if key not in _CAUSAL:
        _CAUSAL[key] = torch.ones(seq_len, seq_len, dtype=torch.bool, device=device).tril()
    return _CAUSAL[key]
