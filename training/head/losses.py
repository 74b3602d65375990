"""What a model says at the places that are asked about: its logits there, or the losses of labels without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch.distributed.fsdp import FSDPModule
from torch.utils.checkpoint import checkpoint

from espalier.models.hidden import answering
from training.head.cross_entropy import cross_entropy
from training.head.shaping import Shaping, shaping_of
from training.head.terms import Tensor, logits_of
from training.together import unwrapped

_PIECE = 1 << 24
"""Logits at a time of an output layer that has to compute them itself: 64 MiB."""


def losses_at(model: Any, places: Tensor, labels: Tensor, *, weights: Tensor | None = None, **inputs: Any) -> Tensor:
    """Negative log-likelihood (n,) in nats of `labels` (n,) at `places` (n,) of the flattened input, in float32.

    With `weights` (n,), their weighted sum (). `inputs` is what the model is called with. Logits are all there only
    for a model that does something to them which is not understood.
    """
    shaping = shaping_of(unwrapped(model), inputs)
    if shaping is None:
        return _summed(_cross_entropy(selected_logits(model, places, **inputs), labels), weights)
    layer = unwrapped(model).get_output_embeddings()
    compute, is_its_own = layer.forward, "forward" not in vars(layer)
    sharded = isinstance(unwrapped(model), FSDPModule)
    found: list[Tensor] = []

    def answer(hidden: Tensor) -> Tensor:
        # Within the forward pass, where precision is what the model is computed in and no part of the layer is away.
        chosen = hidden.flatten(0, 1).index_select(0, places)
        logits = logits_of(layer, chosen) if is_its_own else None
        if logits is None:
            found.append(_in_pieces(compute, shaping, chosen, labels, weights))
        else:
            shaped = replace(logits, scale=shaping.scale, cap=shaping.cap)
            found.append(cross_entropy(shaped, labels, weights=weights))
        return hidden[:1, :0, :1].clone() if sharded else hidden.new_zeros(1, 0, 1)

    with answering(layer, answer):
        said = model(**inputs, use_cache=False).logits
    # A model whose weights are shared out among processes fetches them again for the backward pass when that comes
    # through what it answered, empty as it is.
    return found[0] + said.sum() if sharded else found[0]


def _in_pieces(
    compute: Callable[[Tensor], Tensor], shaping: Shaping, hidden: Tensor, labels: Tensor, weights: Tensor | None
) -> Tensor:
    """The same of a layer of which only its forward pass is known: some tokens' logits at a time, computed twice."""

    def of_some(hidden: Tensor, labels: Tensor) -> Tensor:
        return _cross_entropy(shaping.of(compute(hidden.unsqueeze(0)).squeeze(0).float()), labels)

    size = max(1, _PIECE // compute(hidden[None, :1]).shape[-1])
    pieces = zip(torch.split(hidden, size), torch.split(labels, size), strict=True)
    return _summed(torch.cat([checkpoint(of_some, *piece, use_reentrant=False) for piece in pieces]), weights)


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits.float(), labels, reduction="none")


def _summed(losses: Tensor, weights: Tensor | None) -> Tensor:
    return losses if weights is None else (losses * weights).sum()


def selected_logits(model: Any, places: Tensor, **inputs: Any) -> Tensor:
    """Logits (n, vocabulary) at `places` (n,) of the flattened input. `inputs` is what the model is called with.

    The output layer is shown only the hidden states at these places.
    """
    selected = False

    def select(_: Any, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        nonlocal selected
        selected = True
        hidden, *others = arguments
        return hidden.flatten(0, 1).index_select(0, places).unsqueeze(0), *others

    hook = unwrapped(model).get_output_embeddings().register_forward_pre_hook(select)
    try:
        logits: Tensor = model(**inputs, use_cache=False).logits.flatten(0, 1)
    finally:
        hook.remove()
    return logits if selected else logits.index_select(0, places)  # a model may use the layer's matrix by itself
