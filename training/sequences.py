"""Packed sequences, and what a model says at the places in them that are asked about: every row blind to the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
import torch.nn.functional as F

from espalier.models.masks import packed_masks

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
    """Negative log-likelihood (n,) in nats of the labels at `places` (n,) of the flattened sequences, in float32."""
    return F.cross_entropy(
        logits_at(model, sequences, places).float(), sequences.labels.flatten()[places], reduction="none"
    )


def logits_at(model: Any, sequences: Sequences, places: Tensor) -> Tensor:
    """Logits (n, vocabulary) at `places` (n,) of the flattened sequences, every row blind to its neighbours.

    UserError for a model whose rows no mask keeps apart.
    """
    masks = packed_masks(unwrapped(model), sequences.rows, sequences.position_ids)
    return selected_logits(
        model, places, input_ids=sequences.input_ids, attention_mask=masks, position_ids=sequences.position_ids
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
