"""The logit lens (nostalgebraist 2020, "interpreting GPT"): what each layer would say if it were the last."""

from __future__ import annotations

from typing import Any, TypedDict

import torch

from espalier.generation.generate import Prompt
from espalier.text.chat import ChatRenderer
from training.probing.stream import ids_of, looked_into, residual_stream, told_from, written

MOST_TOKENS = 256
"""Tokens of the longest text that is looked at."""
TOP = 5
"""Tokens that are named at each place."""


class Lens(TypedDict):
    """What the layers of a model would say after each token of a text."""

    tokens: list[str]
    """The text's tokens, those before it included."""
    layers: list[list[list[tuple[str, float]]]]
    """[layer][place] -> the likeliest next tokens, each with its probability; layer 0 is what goes into the first
    layer, and the last one is the model itself."""
    next: list[list[float]]
    """[layer][place] -> the probability of the token that does come next; one place fewer than there are tokens."""


def lens(model: Any, renderer: ChatRenderer, text: Prompt) -> Lens:
    """The logit lens on a text, or on a conversation up to where the next reply begins. The model stays as it is.

    UserError for a text that is empty or too long, and for a model that does not have its layers in a row.
    """
    ids = ids_of(model, renderer, text, most=MOST_TOKENS)
    given = torch.tensor([ids])
    layers: list[list[list[tuple[str, float]]]] = []
    following: list[list[float]] = []
    with looked_into(model):
        for logits in told_from(model, given, residual_stream(model, given)):
            shares = logits[0].float().softmax(-1).cpu()
            chances, tokens = shares.topk(min(TOP, shares.shape[-1]))
            layers.append(
                [
                    list(zip(written(renderer, named), likely, strict=True))
                    for named, likely in zip(tokens.tolist(), chances.tolist(), strict=True)
                ]
            )
            following.append(shares[:-1].gather(1, given[0, 1:, None]).squeeze(1).tolist())
    return {"tokens": written(renderer, ids), "layers": layers, "next": following}
