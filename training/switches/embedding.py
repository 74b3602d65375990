"""A frozen input embedding that stays in host memory: rows are looked up there, and sent."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

Tensor = torch.Tensor


def keep_embedding_on_cpu(model: Any) -> None:
    """Take the input embedding of `model` off its device, in place; nothing where it is in host memory anyway."""
    layer = model.get_input_embeddings()
    if layer.weight.device.type == "cpu":
        return
    model.set_input_embeddings(EmbeddingOnHost(layer))


class EmbeddingOnHost(nn.Module):
    """An embedding whose weights are in host memory, whatever device the model is moved to."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        on_device = next(layer.parameters()).device
        layer.to("cpu").requires_grad_(False)
        if on_device.type == "cuda":
            for parameter in layer.parameters():
                parameter.data = parameter.data.pin_memory()
        # In a list it is no part of the model: it is not moved with it, and does not say where the model is.
        self._layer = [layer]
        self.num_frozen = self.weight.numel()

    @property
    def weight(self) -> Tensor:
        """(vocabulary, width), on the CPU."""
        weight: Tensor = self._layer[0].weight  # type: ignore[assignment]
        return weight

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors (…, width) of tokens (…), on the device of the tokens."""
        found: Tensor = self._layer[0](ids.cpu())
        return (found.pin_memory() if ids.is_cuda else found).to(ids.device, non_blocking=True)
