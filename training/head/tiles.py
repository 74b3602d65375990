"""Tiles of the logits: some tokens by some of the vocabulary, all that ever exists of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from training.head.terms import Logits, Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """How many logits exist at a time."""

    tokens: int
    """Rows."""
    vocabulary: int
    """Columns."""


CPU_TILE = Tile(tokens=256, vocabulary=2048)
"""2 MiB: from product to product it stays in the processor's second cache."""
GPU_TILE = Tile(tokens=2048, vocabulary=8192)
"""64 MiB: products large enough to be worth their start."""


def slices(length: int, size: int) -> Iterator[slice]:
    """0 to `length` in pieces of `size`."""
    return (slice(start, min(start + size, length)) for start in range(0, length, size))


class Columns:
    """A tile of the vocabulary."""

    def __init__(self, logits: Logits, part: slice) -> None:
        self._logits = logits
        self.part = part
        self.weights = [term.tile(part, logits.dtype) for term in logits.terms]

    def logits(self, inputs: Sequence[Tensor]) -> Tensor:
        """(n, width) float32, to be overwritten."""
        logits = self._logits
        values = product(inputs[0], self.weights[0].t())
        for more, weight in zip(inputs[1:], self.weights[1:], strict=True):
            add_product(values, more, weight.t())
        if logits.bias is not None:
            values.add_(logits.bias[self.part])
        if logits.scale != 1.0:
            values.mul_(logits.scale)
        return values if logits.cap is None else values.div_(logits.cap).tanh_().mul_(logits.cap)

    def slope(self, values: Tensor) -> Tensor | None:
        """How much of a change of the sums, already scaled, the cap lets through; None without a cap."""
        cap = self._logits.cap
        return None if cap is None else (values / cap).square_().neg_().add_(1)

    def places(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Whether labels (n, 1) stand in this tile, and where in it; some place or other where they do not."""
        start, stop = self.part.start, self.part.stop
        return (labels >= start) & (labels < stop), (labels - start).clamp_(0, stop - start - 1)


def product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right in float32; of 16 bits on a GPU, not rounded to them in between."""
    if left.dtype == torch.float32:
        return left @ right
    if left.device.type == "cuda":
        return torch.mm(left, right, out_dtype=torch.float32)
    return (left @ right).float()


def add_product(into: Tensor, left: Tensor, right: Tensor) -> None:
    """into += left @ right, `into` being float32 and the product taken in the precision of `right`."""
    left = left.to(right.dtype)
    if right.dtype == torch.float32:
        into.addmm_(left, right)
    elif right.device.type == "cuda":
        torch.addmm(into, left, right, out_dtype=torch.float32, out=into)
    else:
        into.add_(left @ right)
