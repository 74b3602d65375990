"""The decoder layers of a model, which are compiled, checkpointed and looked into one by one."""

from __future__ import annotations

from typing import Any

import torch


def device_of(model: Any) -> torch.device:
    """Where a model computes, and wants its tokens: where its layers are, since an embedding may lie elsewhere."""
    found: torch.device = next(next(iter(decoder_layers(model)), model).parameters()).device
    return found


def decoder_layers(model: Any) -> list[torch.nn.Module]:
    """The decoder layers of a Hugging Face model, adapted or not, in the order in which they are computed.

    They are what the model's class says must not be split over devices, where it stands in a list of layers. Empty for
    a model whose class says nothing.
    """
    names = set(getattr(model, "_no_split_modules", None) or ())
    stacks = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList)]
    return [layer for stack in stacks for layer in stack if type(layer).__name__ in names]
