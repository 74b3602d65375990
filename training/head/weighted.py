"""Gradients of a weighted sum of losses: of what went into the output layer, and of the layer itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from training.head.online import Gradients
from training.head.terms import Logits, Tensor
from training.head.tiles import Columns, Tile, add_product, slices


def weighted(
    logits: Logits,
    labels: Tensor,
    tile: Tile,
    weights: Tensor,
    needed: Sequence[bool],
    known: tuple[Tensor, Tensor] | None,
) -> tuple[Tensor, Gradients]:
    """Losses (n,), and the gradients of their sum by `weights` (n,): of bias, inputs, matrices, where `needed`.

    `known` are losses and logarithms of the denominators (n,), None where one tile holds the whole vocabulary.
    """
    weights = weights * logits.scale
    inputs = [term.input.to(logits.dtype) for term in logits.terms]
    by_weight = [part * weights[:, None].to(part.dtype) for part in inputs]
    losses = torch.full_like(weights, torch.nan) if known is None else known[0]
    layer = [logits.bias, *(term.weight if isinstance(term.weight, Tensor) else None for term in logits.terms)]
    count = len(inputs)
    of_inputs = [_zeros(part, want) for part, want in zip(inputs, needed[1 : 1 + count], strict=True)]
    of_layer = [
        torch.empty_like(part) if part is not None and want else None
        for part, want in zip(layer, [needed[0], *needed[1 + count :]], strict=True)
    ]
    for part in slices(logits.size[1], tile.vocabulary):
        columns = Columns(logits, part)
        of_tile = [_zeros(None if whole is None else whole[part], True) for whole in of_layer]
        for some in slices(len(labels), tile.tokens):
            values = columns.logits([some_input[some] for some_input in inputs])
            slope = columns.slope(values)
            if known is None:
                losses[some] = _from_logits(values, columns, labels[some, None])
            else:
                _from_denominators(values, columns, labels[some, None], known[0][some, None], known[1][some, None])
            if slope is not None:
                values.mul_(slope)
            for into, weight in zip(of_inputs, columns.weights, strict=True):
                if into is not None:
                    add_product(into[some], values, weight)
            if of_tile[0] is not None:
                of_tile[0].addmv_(values.t(), weights[some])
            for into, some_input in zip(of_tile[1:], by_weight, strict=True):
                if into is not None:
                    add_product(into, values.t(), some_input[some])
        for whole, piece in zip(of_layer, of_tile, strict=True):
            if whole is not None and piece is not None:
                whole[part] = piece
    found = [
        None if part is None else part.mul_(weights[:, None]).to(term.input.dtype)
        for part, term in zip(of_inputs, logits.terms, strict=True)
    ]
    return losses, [of_layer[0], *found, *of_layer[1:]]


def _zeros(like: Tensor | None, wanted: bool) -> Tensor | None:
    return torch.zeros_like(like, dtype=torch.float32) if like is not None and wanted else None


def _from_logits(values: Tensor, columns: Columns, labels: Tensor) -> Tensor:
    """Losses (n,) of logits over the whole vocabulary, which become softmax - onehot."""
    inside, place = columns.places(labels)
    of_label = values.gather(1, place).masked_fill_(~inside, torch.nan)
    values.scatter_(1, place, -torch.inf)
    highest = values.amax(1, keepdim=True).clamp_(min=torch.finfo(values.dtype).min)
    mass = values.sub_(highest).exp_().sum(1, keepdim=True)
    others = highest + mass.log()
    values.mul_((highest - torch.logaddexp(others, of_label)).exp_())
    values.scatter_(1, place, torch.sigmoid(others - of_label).neg_())
    return F.softplus(others - of_label).squeeze(1)


def _from_denominators(values: Tensor, columns: Columns, labels: Tensor, losses: Tensor, denominators: Tensor) -> None:
    """Logits of a tile become softmax - onehot."""
    values.sub_(denominators).exp_()
    inside, place = columns.places(labels)
    values.scatter_(1, place, torch.where(inside, torch.expm1(-losses), values.gather(1, place)))
