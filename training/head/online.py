"""Losses over a vocabulary seen tile by tile, and with them the gradients of what went into the output layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F

from training.head.terms import Logits, Tensor
from training.head.tiles import Columns, Tile, add_product, slices

Gradients = list[Tensor | None]


def online(logits: Logits, labels: Tensor, tile: Tile, wanted: Sequence[bool]) -> tuple[Tensor, Tensor, Gradients]:
    """Losses and logarithms of the softmax's denominator (n,), and gradients (n, k) of the `wanted` inputs.

    A gradient is that of a loss which counts 1.
    """
    losses, denominators = torch.empty((2, len(labels)), dtype=torch.float32, device=labels.device)
    gradients = [
        torch.empty_like(term.input) if want else None for term, want in zip(logits.terms, wanted, strict=True)
    ]
    for some in slices(len(labels), tile.tokens):
        seen = _Seen(logits, labels[some], some, wanted)
        for part in slices(logits.size[1], tile.vocabulary):
            seen.add(Columns(logits, part))
        losses[some], denominators[some] = seen.losses()
        for into, found in zip(gradients, seen.gradients(), strict=True):
            if into is not None and found is not None:
                into[some] = found
    return losses, denominators, gradients


class _Seen:
    """What `some` tokens have seen of the vocabulary, tile by tile, each token's label left out."""

    def __init__(self, logits: Logits, labels: Tensor, some: slice, wanted: Sequence[bool]) -> None:
        self._logits, self._labels = logits, labels[:, None]
        self._inputs = [term.input[some].to(logits.dtype) for term in logits.terms]
        self._highest = torch.full_like(self._labels, torch.finfo(torch.float32).min, dtype=torch.float32)
        self._mass = torch.zeros_like(self._highest)
        self._of_label = torch.full_like(self._highest, torch.nan)
        self._sums = [
            torch.zeros_like(part, dtype=torch.float32) if want else None
            for part, want in zip(self._inputs, wanted, strict=True)
        ]

    def add(self, columns: Columns) -> None:
        """One tile more."""
        wanted = [(into, weight) for into, weight in zip(self._sums, columns.weights, strict=True) if into is not None]
        values = columns.logits(self._inputs)
        slope = columns.slope(values) if wanted else None
        inside, place = columns.places(self._labels)
        of_label = values.gather(1, place)
        self._of_label = torch.where(inside, of_label, self._of_label)
        values.scatter_(1, place, of_label.masked_fill_(inside, -torch.inf))
        highest = torch.maximum(self._highest, values.amax(1, keepdim=True))
        shrunk = (self._highest - highest).exp_()
        shares = values.sub_(highest).exp_()
        self._highest = highest
        self._mass.mul_(shrunk).add_(shares.sum(1, keepdim=True))
        if slope is not None:
            shares.mul_(slope)
        for into, weight in wanted:
            add_product(into.mul_(shrunk), shares, weight)

    def losses(self) -> tuple[Tensor, Tensor]:
        """Losses, and logarithms of the denominator."""
        others = self._highest + self._mass.log()
        denominators = torch.logaddexp(others, self._of_label)
        return F.softplus(others - self._of_label).squeeze(1), denominators.squeeze(1)

    def gradients(self) -> Iterator[Tensor | None]:
        """Of the inputs, (n, k)."""
        logits, losses, denominators = self._logits, *self.losses()
        of_others = (self._highest.squeeze(1) - denominators).exp_() * logits.scale
        of_label = torch.expm1(-losses) * logits.scale
        if logits.cap is not None:
            of_label *= 1 - (self._of_label.squeeze(1) / logits.cap).square_()
        for into, term in zip(self._sums, logits.terms, strict=True):
            if into is None:
                yield None
            else:
                rows = term.rows(self._labels.squeeze(1), logits.dtype)
                yield into.mul_(of_others[:, None]).addcmul_(rows, of_label[:, None])
