"""What a model would tell its output layer: hidden states, without the logits that nobody asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

from espalier.errors import UserError

Tensor = torch.Tensor
T = TypeVar("T")


@contextmanager
def answering(layer: Any, answer: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Within, `layer` answers so."""
    before = vars(layer).get("forward")
    layer.forward = answer
    try:
        yield
    finally:
        del layer.forward
        if before is not None:
            layer.forward = before


def shown(model: Any, layer: Any, look: Callable[[Tensor], T], **inputs: Any) -> T:
    """What `look` makes of the hidden states (B, S, width) that `model` has for `layer`, its output layer.

    It looks within the forward pass, so that what it computes with belongs to it where several processes train.
    `inputs` is what the model is called with. UserError for a model that does not ask its output layer.
    """
    found: list[T] = []

    def answer(hidden: Tensor) -> Tensor:
        found.append(look(hidden))
        return hidden.new_zeros(1, 0, 1)

    with answering(layer, answer):
        model(**inputs, use_cache=False)
    if not found:
        raise UserError(f"{type(model).__name__} computes its logits without its output layer, so it shows no states")
    return found[0]
