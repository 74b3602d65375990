"""Objectives: pure functions `(model, batch) -> loss, facts`. The loop knows nothing else about what is learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F

from espalier.models.masks import packed_masks

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
    num_trained: int
    """What the loss is divided by: the labels that are trained in all micro-batches of the step. Weights are no part of
    it, so that a row of weight 0.5 teaches half as much whatever stands beside it."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        if self.input_ids.device == device:
            return self
        names = ("input_ids", "labels", "weights", "position_ids", "rows")
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in names})


Facts = dict[str, Tensor]
Objective = Callable[[Any, Batch], tuple[Tensor, Facts]]


def sft(model: Any, batch: Batch) -> tuple[Tensor, Facts]:
    """Supervised fine-tuning: the mean over the trained tokens of the step of each one's loss times its weight.

    Micro-batches add up: their losses are shares of the mean over the whole step, exact to the token, however the
    trained tokens fall among them.
    """
    trained = torch.nonzero(batch.weights.flatten()).squeeze(1)
    loss = token_losses(model, batch, trained) @ batch.weights.flatten()[trained] / batch.num_trained
    return loss, {}


def token_losses(model: Any, batch: Batch, places: Tensor) -> Tensor:
    """Negative log-likelihood (n,) in nats of the labels at `places` (n,) of the flattened batch, in float32."""
    return F.cross_entropy(logits_at(model, batch, places).float(), batch.labels.flatten()[places], reduction="none")


def logits_at(model: Any, batch: Batch, places: Tensor) -> Tensor:
    """Logits (n, vocabulary) at `places` (n,) of the flattened batch, every row blind to its neighbours.

    UserError for a model whose rows no mask keeps apart.
    """
    masks = packed_masks(unwrapped(model), batch.rows, batch.position_ids)
    return selected_logits(
        model, places, input_ids=batch.input_ids, attention_mask=masks, position_ids=batch.position_ids
    )


def unwrapped(model: Any) -> Any:
    """The model inside what accelerate puts around it for several processes."""
    from accelerate.utils import extract_model_from_parallel

    return extract_model_from_parallel(model)


def selected_logits(model: Any, places: Tensor, **inputs: Any) -> Tensor:
    """Logits (n, vocabulary) at `places` (n,) of the flattened input. `inputs` is what the model is called with.

    The output layer is shown only the hidden states at these places: in a chat most tokens are not trained, and with a
    large vocabulary their logits would take most of the memory.
    """

    def select(_: Any, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden, *others = arguments
        return hidden.flatten(0, 1).index_select(0, places).unsqueeze(0), *others

    hook = unwrapped(model).get_output_embeddings().register_forward_pre_hook(select)
    try:
        logits: Tensor = model(**inputs, use_cache=False).logits.squeeze(0)
    finally:
        hook.remove()
    return logits
