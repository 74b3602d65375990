"""What an output layer computes, as a sum of linear maps: its matrix, and beside it what an adapter adds.

logits = sum of input @ weight.T over the terms, + bias. An adapter's term is narrow: LoRA's has r columns, that of
trained tokens one for each of them. So no weights are merged, and nothing of the vocabulary's size is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import nn

from training.switches.head import HeadIn4bit

Tensor = torch.Tensor


class Rows(Protocol):
    """A frozen matrix (vocabulary, width) that is not stored as one."""

    shape: torch.Size

    def tile(self, part: slice, dtype: torch.dtype) -> Tensor:
        """Consecutive rows."""
        ...

    def rows(self, ids: Tensor, dtype: torch.dtype) -> Tensor:
        """Rows (n, width) by their numbers (n,)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A linear map into the vocabulary."""

    input: Tensor
    """(n, k)."""
    weight: Tensor | Rows
    """(vocabulary, k)."""

    def detached(self) -> Term:
        """The same, of which nobody knows where it came from."""
        weight = self.weight.detach() if isinstance(self.weight, Tensor) else self.weight
        return Term(input=self.input.detach(), weight=weight)

    def tile(self, part: slice, dtype: torch.dtype) -> Tensor:
        """Consecutive rows of the weight."""
        if isinstance(self.weight, Tensor):
            return self.weight[part].to(dtype)
        return self.weight.tile(part, dtype)

    def rows(self, ids: Tensor, dtype: torch.dtype) -> Tensor:
        """Rows (n, k) of the weight. IndexError for an id that is out of the vocabulary."""
        if isinstance(self.weight, Tensor):
            return self.weight.index_select(0, ids).to(dtype)
        return self.weight.rows(ids, dtype)


@dataclass(frozen=True, kw_only=True, slots=True)
class Logits:
    """Logits (n, vocabulary) that nobody has formed: what they are the sum of, and what becomes of it."""

    terms: Sequence[Term]
    """At least one."""
    bias: Tensor | None = None
    """(vocabulary,)."""
    dtype: torch.dtype
    """What matrices are multiplied in."""
    scale: float = 1.0
    """The sum is multiplied by it,"""
    cap: float | None = None
    """and then bent to stay within this: cap * tanh(sum / cap)."""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.terms[0].input.shape[0], self.terms[0].weight.shape[0]

    def detached(self) -> Logits:
        """The same, of which nobody knows where it came from."""
        bias = None if self.bias is None else self.bias.detach()
        return replace(self, terms=[term.detached() for term in self.terms], bias=bias)

    def tensors(self) -> tuple[list[Tensor], list[Tensor | None]]:
        """The terms' inputs and weights; None for a weight that is not stored as a matrix."""
        weights = [term.weight if isinstance(term.weight, Tensor) else None for term in self.terms]
        return [term.input for term in self.terms], weights


def logits_of(layer: Any, hidden: Tensor) -> Logits | None:
    """What `layer` makes of `hidden` (n, width), as it would now: adapters that are off or merged are no terms.

    None for a layer of which this is not known.
    """
    on = torch.is_autocast_enabled(hidden.device.type)
    dtype = torch.get_autocast_dtype(hidden.device.type) if on else hidden.dtype
    return _Reader(hidden, dtype).of_kind(layer)


class _Reader:
    def __init__(self, hidden: Tensor, dtype: torch.dtype) -> None:
        self._hidden, self._dtype = hidden, dtype

    def read(self, layer: Any) -> Logits | None:
        """What a layer within another one makes of the hidden states."""
        changed = "forward" in vars(layer) or layer._forward_hooks or layer._forward_pre_hooks
        return None if changed else self.of_kind(layer)

    def of_kind(self, layer: Any) -> Logits | None:
        if type(layer).forward is nn.Linear.forward:
            return self._plain(layer.weight, layer.bias)
        if isinstance(layer, HeadIn4bit):
            return self._plain(layer, layer.bias)
        return self._adapted(layer)

    def _plain(self, weight: Tensor | Rows, bias: Tensor | None) -> Logits:
        return Logits(terms=(Term(input=self._hidden, weight=weight),), bias=bias, dtype=self._dtype)

    def _adapted(self, layer: Any) -> Logits | None:
        from peft.tuners.lora import Linear as LoraLinear
        from peft.tuners.trainable_tokens.layer import TrainableTokensLayer
        from peft.utils.other import ModulesToSaveWrapper, TrainableTokensWrapper

        kind = type(layer)
        if kind is ModulesToSaveWrapper:
            on = layer.active_adapters and not layer.disable_adapters
            return self.read(layer.modules_to_save[layer.active_adapters[0]] if on else layer.original_module)
        if kind is TrainableTokensWrapper:
            return self.read(layer.token_adapter)
        if kind is TrainableTokensLayer or kind is LoraLinear:
            base = self.read(layer.base_layer)
            if base is None or layer.disable_adapters or not layer.active_adapters:
                return None if layer.merged and layer.disable_adapters else base
            if layer.merged:
                return base
            return self._with_tokens(layer, base) if kind is TrainableTokensLayer else self._with_lora(layer, base)
        return None

    def _with_tokens(self, layer: Any, base: Logits) -> Logits | None:
        """Rows of a few tokens that are trained in the place of the layer's own."""
        if base.bias is not None:  # peft leaves it out
            return None
        terms = list(base.terms)
        for name in layer.active_adapters:
            ids = torch.tensor(layer.token_indices[name], device=self._hidden.device)
            delta = layer.trainable_tokens_delta[name]
            change = delta - base.terms[0].rows(ids, delta.dtype)
            narrow = nn.functional.linear(self._hidden.to(self._dtype), change.to(self._dtype))
            columns = torch.zeros(base.size[1], len(ids), dtype=self._dtype, device=ids.device)
            columns[ids, torch.arange(len(ids), device=ids.device)] = 1
            terms.append(Term(input=narrow, weight=columns))
        return replace(base, terms=terms)

    def _with_lora(self, layer: Any, base: Logits) -> Logits | None:
        terms, bias = list(base.terms), base.bias
        for name in layer.active_adapters:
            if name not in layer.lora_A:
                continue
            up = layer.lora_B[name]
            if name in layer.lora_variant or getattr(up, "bias", None) is not None:
                return None
            narrow = layer.lora_A[name](
                layer.lora_dropout[name](layer._cast_input_dtype(self._hidden, up.weight.dtype))
            )
            terms.append(Term(input=narrow * layer.scaling[name], weight=up.weight))
        return replace(base, terms=terms, bias=bias)
