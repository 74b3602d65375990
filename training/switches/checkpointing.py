"""Gradient checkpointing of decoder layers (Chen et al. 2016, arXiv:1604.06174).

A checkpointed layer keeps its input alone; what it computes inside is computed again when the backward pass comes to
it. All random states are put back for that, so that dropout draws the same masks, and the second pass runs the same
code, compiled or not: gradients are those of the plain layer, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from espalier.errors import UserError
from espalier.models.layers import decoder_layers

Tensor = torch.Tensor
Keeping = Callable[[int], AbstractContextManager[Any]]
"""By a layer's number, the context in which its input is kept for the backward pass."""


def checkpoint_layers(model: Any, wanted: str | int, keeping: Keeping = lambda _: nullcontext()) -> None:
    """Checkpoint all decoder layers of `model`, or the first `wanted` of them, in place.

    The last layers are those that may keep their activations: the backward pass takes them first, so that they are gone
    by the time it computes the others again. Layers to be compiled must be already: what is kept lies outside.
    UserError where the model has no layers that are known, or fewer than wanted.
    """
    layers = decoder_layers(model)
    if not layers:
        raise UserError(
            f"memory.gradient_checkpointing: {type(model).__name__} does not say what its decoder layers are, so that "
            "it can only be trained with none"
        )
    for index, layer in enumerate(layers[: number_checkpointed(wanted, len(layers))]):
        # What a module's call goes through first, before its hooks and its forward; also when it is compiled.
        layer._compiled_call_impl = _checkpointed(layer, index, keeping)


def number_checkpointed(wanted: str | int, num_layers: int) -> int:
    """How many of the layers are checkpointed, `all` or so many. UserError where there are fewer."""
    number = num_layers if wanted == "all" else int(wanted)
    if number > num_layers:
        raise UserError(f"memory.gradient_checkpointing: {number} layers, but the model has {num_layers}; say all")
    return number


def _checkpointed(layer: torch.nn.Module, index: int, keeping: Keeping) -> Callable[..., Any]:
    compute: Callable[..., Any] = layer._compiled_call_impl or layer._call_impl

    def call(hidden_states: Tensor, *others: Any, **named: Any) -> Any:
        if not (layer.training and torch.is_grad_enabled()):
            return compute(hidden_states, *others, **named)
        # Masks and positions belong to all layers, which keep them anyway; its input is the layer's own.
        with keeping(index):
            return checkpoint(lambda hidden: compute(hidden, *others, **named), hidden_states, use_reentrant=False)

    return call
