"""What a model does to the sums that its output layer computes, before it calls them logits.

Cohere and Granite scale them (`logit_scale`, `logits_scaling`), Gemma 2 bends them (soft-capping). Every architecture
writes it into its forward pass under names of its own. So it is not looked up but measured: the layer is made to answer
with numbers that are known, and one looks what the model makes of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch._subclasses.fake_tensor import FakeTensor

from espalier.models.hidden import answering

Tensor = torch.Tensor

_SMALL, _LARGE, _WIDE = 2.0**-10, 2.0**24, 64.0
"""Sums by which the scale is told, the cap, and whether all between goes by them."""
_SAME = 1e-5
"""How far the model may lie from scale and cap, as a share of the values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shaping:
    """A sum s becomes the logit cap * tanh(scale * s / cap), or scale * s where there is no cap."""

    scale: float
    """Of the sum."""
    cap: float | None
    """Bound of the logits."""

    def of(self, sums: Tensor) -> Tensor:
        """The logits."""
        scaled = sums * self.scale
        return scaled if self.cap is None else self.cap * torch.tanh(scaled / self.cap)


_known: WeakKeyDictionary[Any, Shaping | None] = WeakKeyDictionary()


def shaping_of(model: Any, inputs: Mapping[str, Any]) -> Shaping | None:
    """What `model` does to its sums; None where it is something else. Remembered.

    The first time it is called with `inputs`, and no random number is taken from those that training draws.
    """
    if model not in _known:
        layer = model.get_output_embeddings()
        compute, given = layer.forward, []

        def answer(hidden: Tensor) -> Tensor:
            sums = torch.linspace(-_WIDE, _WIDE, compute(hidden[:1, :1]).shape[-1], device=hidden.device)
            sums[:2] = sums.new_tensor([_SMALL, _LARGE])
            given.append(sums)
            return sums[None, None]

        device = next(model.parameters()).device
        own_randomness = torch.random.fork_rng([device] if device.type == "cuda" else [])
        with torch.no_grad(), own_randomness, answering(layer, answer):
            said = model(**inputs, use_cache=False).logits.detach().flatten()
        _known[model] = _fitted(given[0], said) if given and said.shape == given[0].shape else None
    return _known[model]


def _fitted(sums: Tensor, said: Tensor) -> Shaping | None:
    if isinstance(said, FakeTensor):  # tensors without values, with which only memory is looked at
        return Shaping(scale=1.0, cap=None)
    sums, said = sums.cpu(), said.float().cpu()
    scale, bound = float(said[0]) / _SMALL, float(said[1])
    if not (math.isfinite(scale) and math.isfinite(bound) and scale > 0):
        return None
    cap = None if math.isclose(bound, scale * _LARGE, rel_tol=_SAME) else bound
    shaping = Shaping(scale=scale, cap=cap)
    return shaping if torch.allclose(said, shaping.of(sums), rtol=_SAME, atol=_SAME) else None
