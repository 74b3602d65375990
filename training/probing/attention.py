"""What each head of a model looks at: its attention on a text, computed beside what the model computes.

The model keeps its own attention, whichever kernel that is. Beside each call the weights are written out by the plain
operations of the model's own file, so that soft caps, sinks and windows are in them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

import torch

from espalier.errors import UserError
from espalier.generation.generate import Prompt
from espalier.models.layers import device_of
from espalier.text.chat import ChatRenderer
from training.probing.stream import ids_of, layers_of, looked_into, written

Tensor = torch.Tensor
MOST_TOKENS = 128
"""Tokens of the longest text that is looked at: there are as many weights as the square of it, for each head."""
_ONE_AT_A_TIME = threading.Lock()
"""Whoever looks puts itself in the place of a kernel that all models of the process share."""


class Attention(TypedDict):
    """What the heads of a model look at in a text."""

    tokens: list[str]
    """The text's tokens, those before it included."""
    weights: list[list[list[list[float]]]]
    """[layer][head][place that looks][place looked at]; each line of a head adds up to 1, or to less with a sink."""


def attention(model: Any, renderer: ChatRenderer, text: Prompt) -> Attention:
    """The attention of every head on a text, or on a conversation up to where the next reply begins.

    The model stays as it is. UserError for a text that is empty or too long, and for a model whose attention is written
    otherwise than transformers has it.
    """
    ids = ids_of(model, renderer, text, most=MOST_TOKENS)
    found = attention_weights(model, torch.tensor([ids]))
    return {"tokens": written(renderer, ids), "weights": [each[0].tolist() for each in found]}


def attention_weights(model: Any, ids: Tensor) -> list[Tensor]:
    """Of each layer the weights (B, heads, S, S) of tokens `ids` (B, S) without padding, rounded to four places."""
    layers = layers_of(model)
    place_of = {id(module): place for place, layer in enumerate(layers) for module in layer.modules()}
    found: dict[int, Tensor] = {}
    with looked_into(model), _watched(model, place_of, found):
        model(input_ids=ids.to(device_of(model)), use_cache=False)
    if len(found) < len(layers):
        raise UserError(
            f"{type(model).__name__} computes the attention of {len(layers) - len(found)} of its {len(layers)} layers "
            "in a way of its own, so it cannot be seen"
        )
    return [found[place].float().cpu().mul(1e4).round().div(1e4) for place in range(len(layers))]


@contextmanager
def _watched(model: Any, place_of: dict[int, int], found: dict[int, Tensor]) -> Iterator[None]:
    """Within, each attention of the layers in `place_of` leaves its weights in `found`."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS as KERNELS

    name = model.config.get_text_config()._attn_implementation
    own = KERNELS.get(name)

    def attend(
        module: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None,
        *given: Any,
        **options: Any,
    ) -> Any:
        plain = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
        if id(module) in place_of and plain is not None:
            mask = _added(attention_mask, query, key, options.get("sliding_window"))
            found[place_of[id(module)]] = plain(module, query, key, value, mask, *given, **options)[1]
        kernel: Any = own or plain
        return kernel(module, query, key, value, attention_mask, *given, **options)

    with _ONE_AT_A_TIME:
        replaced = KERNELS._local_mapping.get(name)
        KERNELS[name] = attend
        try:
            yield
        finally:
            del KERNELS[name]
            if replaced is not None:
                KERNELS[name] = replaced


def _added(mask: Tensor | None, query: Tensor, key: Tensor, window: int | None) -> Tensor:
    """What is added to scores so that a token looks where `mask` lets it; without a mask, back, within its window."""
    if mask is None:
        mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device).tril()[None, None]
        if window:
            mask = mask.triu(1 - window)
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=query.dtype, device=query.device).masked_fill_(
        ~mask, torch.finfo(query.dtype).min
    )


class Habit(TypedDict):
    """How much of its attention a head gives to places that mean nothing yet: 0 to 1, over all tokens but the first."""

    first: float
    """To the first token."""
    itself: float
    """To the token that looks."""
    before: float
    """To the token before it."""


def habits(found: Attention) -> list[list[Habit]]:
    """[layer][head]: where each head looks on this text, whatever stands there."""
    return [
        [
            {
                "first": _mean(line[0] for line in head[1:]),
                "itself": _mean(line[at] for at, line in enumerate(head[1:], 1)),
                "before": _mean(line[at - 1] for at, line in enumerate(head[1:], 1)),
            }
            for head in layer
        ]
        for layer in found["weights"]
    ]


def _mean(values: Iterator[float]) -> float:
    each = list(values)
    return sum(each) / len(each)
