"""A frozen output layer in NF4 with double quantisation (Dettmers et al. 2023, arXiv:2305.14314).

Its matrix is brought back a tile of the vocabulary at a time: inside the loss, which needs no more of it at once
(`training/head`), and tile after tile where a few tokens' logits are wanted, as in sampling. What is computed is what
the layer would compute with the rounded weights.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from espalier.errors import UserError

Tensor = torch.Tensor

_BLOCK, _BLOCKS = 64, 256
"""Weights that share a scale, and scales that share one of theirs."""
_TILE = 8192
"""Rows at a time."""


def hold_head_in_4bit(model: Any) -> None:
    """Replace the output layer of `model`, in place. UserError for a layer that is no plain one."""
    layer = model.get_output_embeddings()
    if type(layer) is not nn.Linear or layer.in_features % _BLOCK:
        raise UserError(
            f"memory.head_in_4bit: the output layer of {type(model).__name__} is no plain linear layer with a multiple "
            f"of {_BLOCK} inputs ({layer}); leave the key out"
        )
    tied = layer.weight is model.get_input_embeddings().weight
    head = HeadIn4bit(layer)
    head.num_frozen = 0 if tied else layer.weight.numel()
    model.set_output_embeddings(head)


class HeadIn4bit(nn.Module):
    """A linear layer into the vocabulary, never trained."""

    in_4_bits = True
    """Said of the base that an adapter stands on."""
    num_frozen = 0
    """Weights that are the layer's alone."""
    packed: Tensor
    scales: Tensor
    scales_of_scales: Tensor
    code_of_scales: Tensor
    mean_scale: Tensor

    def __init__(self, layer: nn.Linear) -> None:
        from bitsandbytes import functional as bnb

        super().__init__()
        weight = layer.weight.detach()
        self.shape = weight.shape
        self.bias = layer.bias
        packed, scales = [], []
        for tile in torch.split(weight, _TILE):
            some, state = bnb.quantize_4bit(tile.contiguous(), blocksize=_BLOCK, quant_type="nf4")
            packed.append(some.view(len(tile), -1))
            scales.append(state.absmax)
        scale = torch.cat(scales)
        mean = scale.mean()
        rounded, state = bnb.quantize_blockwise(scale - mean, blocksize=_BLOCKS)
        # No part of what is saved: an adapter is, and its base has the layer.
        self.register_buffer("packed", torch.cat(packed), persistent=False)
        self.register_buffer("scales", rounded.view(len(weight), -1), persistent=False)
        self.register_buffer("scales_of_scales", state.absmax, persistent=False)
        self.register_buffer("code_of_scales", state.code.to(weight.device), persistent=False)
        self.register_buffer("mean_scale", mean, persistent=False)

    def tile(self, part: slice, dtype: torch.dtype) -> Tensor:
        """Consecutive rows of the matrix."""
        numbers = torch.arange(part.start, min(part.stop, self.shape[0]), device=self.packed.device)
        return self._back(self.packed[part], self.scales[part], numbers, dtype)

    def rows(self, ids: Tensor, dtype: torch.dtype) -> Tensor:
        """Rows (n, width) of the matrix by their numbers (n,)."""
        return self._back(self.packed[ids], self.scales[ids], ids, dtype)

    def _back(self, packed: Tensor, scales: Tensor, numbers: Tensor, dtype: torch.dtype) -> Tensor:
        from bitsandbytes import functional as bnb

        per_row = scales.shape[1]
        blocks = (numbers[:, None] * per_row + torch.arange(per_row, device=numbers.device)) // _BLOCKS
        scale = self.code_of_scales[scales.int()] * self.scales_of_scales[blocks] + self.mean_scale
        shape = torch.Size((len(packed), self.shape[1]))
        state = bnb.QuantState(absmax=scale.flatten(), shape=shape, dtype=dtype, blocksize=_BLOCK, quant_type="nf4")
        back: Tensor = bnb.dequantize_4bit(packed.flatten()[:, None], state)
        return back

    def forward(self, hidden: Tensor) -> Tensor:
        """Logits (…, vocabulary) of hidden states (…, width)."""
        parts = (slice(start, start + _TILE) for start in range(0, self.shape[0], _TILE))
        logits = torch.cat([nn.functional.linear(hidden, self.tile(part, hidden.dtype)) for part in parts], dim=-1)
        return logits if self.bias is None else logits + self.bias
