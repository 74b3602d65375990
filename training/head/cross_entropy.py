"""Cross-entropy over a vocabulary of which only a tile of logits exists at a time.

The gradient of a token's loss with respect to its hidden state is (softmax(logits) - onehot(label)) @ weight: attention
over the vocabulary, with the output layer's rows as keys and as values. So it is computed as FlashAttention computes
(Dao et al. 2022, arXiv:2205.14135): tile by tile of the vocabulary, with a running maximum and a running sum, together
with the loss itself. Where the layer is frozen that is all: two matrix products, nothing computed again, and what
arrives in the backward pass, a number for each token, is multiplied in. Where the layer is trained, its gradient needs
the finished sums. A vocabulary that fits one tile has them at once (three products, where it is known beforehand what
each loss counts); a larger one computes its logits again (four), as Cut Cross-Entropy does (Wijmans et al. 2024,
arXiv:2411.09009).

The label's own column is left out of the sums: 1 - p(label) is then exact where p(label) is nearly 1, in 16 bits too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from training.head.online import online
from training.head.terms import Logits, Tensor
from training.head.tiles import CPU_TILE, GPU_TILE, Tile
from training.head.weighted import weighted


def cross_entropy(logits: Logits, labels: Tensor, *, weights: Tensor | None = None, tile: Tile | None = None) -> Tensor:
    """Negative log-likelihood (n,) in nats of `labels` (n,), float32; with `weights` (n,), its weighted sum ().

    Weights say in the forward pass already what each loss will count: the same gradient, at less cost where the layer
    is trained. IndexError for a label that is out of the vocabulary.
    """
    tile = tile or (CPU_TILE if labels.device.type == "cpu" else GPU_TILE)
    inputs, matrices = logits.tensors()
    trained = any(part is not None and part.requires_grad for part in (*matrices, logits.bias))
    with torch.autocast(labels.device.type, enabled=False):
        if not (torch.is_grad_enabled() and trained):
            losses = _apply(_OfFrozen, logits, labels, tile, torch.is_grad_enabled(), *inputs)
        elif weights is not None and logits.size[1] <= tile.vocabulary:
            return _apply(_SumOfTrained, logits, labels, tile, weights, logits.bias, *inputs, *matrices)
        else:
            losses = _apply(_OfTrained, logits, labels, tile, logits.bias, *inputs, *matrices)
        return losses if weights is None else losses @ weights


def _apply(function: type[torch.autograd.Function], *arguments: Any) -> Tensor:
    result: Tensor = function.apply(*arguments)  # type: ignore[no-untyped-call]
    return result


class _OfFrozen(torch.autograd.Function):
    """Losses (n,); the gradients of the inputs come with them."""

    @staticmethod
    def forward(ctx: Any, logits: Logits, labels: Tensor, tile: Tile, with_gradient: bool, *inputs: Tensor) -> Tensor:
        wanted = [with_gradient and needed for needed in ctx.needs_input_grad[4:]]
        losses, _, gradients = online(logits, labels, tile, wanted)
        ctx.save_for_backward(*gradients)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, coming: Tensor) -> tuple[Tensor | None, ...]:
        gradients = (None if part is None else (part * coming[:, None]).to(part.dtype) for part in ctx.saved_tensors)
        return None, None, None, None, *gradients


class _OfTrained(torch.autograd.Function):
    """Losses (n,) of a layer that is trained; what each will count is only known in the backward pass."""

    @staticmethod
    def forward(
        ctx: Any, logits: Logits, labels: Tensor, tile: Tile, bias: Tensor | None, *tensors: Tensor | None
    ) -> Tensor:
        losses, denominators, _ = online(logits, labels, tile, [False] * len(logits.terms))
        ctx.logits, ctx.tile = logits.detached(), tile
        ctx.save_for_backward(labels, losses, denominators)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, coming: Tensor) -> tuple[Tensor | None, ...]:
        labels, losses, denominators = ctx.saved_tensors
        needed, known = ctx.needs_input_grad[3:], (losses, denominators)
        _, gradients = weighted(ctx.logits, labels, ctx.tile, coming, needed, known)
        return None, None, None, *gradients


class _SumOfTrained(torch.autograd.Function):
    """The weighted sum of the losses; all gradients come with it."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Logits,
        labels: Tensor,
        tile: Tile,
        weights: Tensor,
        bias: Tensor | None,
        *tensors: Tensor | None,
    ) -> Tensor:
        losses, gradients = weighted(logits, labels, tile, weights, ctx.needs_input_grad[4:], known=None)
        ctx.save_for_backward(*gradients)
        return losses @ weights

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, coming: Tensor) -> tuple[Tensor | None, ...]:
        as_it_is = coming.device.type == "cpu" and float(coming) == 1.0
        gradients = (part if part is None or as_it_is else part * coming.to(part.dtype) for part in ctx.saved_tensors)
        return None, None, None, None, *gradients
