"""How far a policy has moved from the weights it began at: the divergence KL(policy ‖ first) of its replies, in nats.

At each place of a reply that the policy itself drew, the divergence of the two distributions over the next token is
computed whole, and summed over the reply: the expectation is that of the sampled log-ratio, its variance far smaller,
and it is never below 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from espalier.models.compiling import eager
from espalier.models.layers import device_of
from espalier.text.chat import ChatRenderer
from espalier.text.messages import Message

Conversation = tuple[Sequence[Message], str]
_MOST_LOGITS = 2**26
"""Logits of a batch and a model; a quarter of a gigabyte in float32."""


def divergence(
    policy: Any, first: Any, renderer: ChatRenderer, conversations: Sequence[Conversation], batch_size: int = 32
) -> NDArray[np.float64]:
    """Nats of each reply (n,), each a draw of the policy's to its messages; `renderer` is that of both models."""
    rows = [_ids(renderer, messages, reply) for messages, reply in conversations]
    order = sorted(range(len(rows)), key=lambda place: -len(rows[place][0]))
    found = np.zeros(len(rows))
    start = 0
    while start < len(order):
        longest = len(rows[order[start]][0])
        size = max(1, min(batch_size, _MOST_LOGITS // (longest * len(renderer.tokenizer))))
        places = order[start : start + size]
        found[places] = _batch(policy, first, [rows[place] for place in places])
        start += size
    return found


def _ids(renderer: ChatRenderer, messages: Sequence[Message], reply: str) -> tuple[list[int], list[bool]]:
    """The tokens of a conversation that ends with a reply, and which of them the policy drew."""
    before = [{**each, "weight": 0.0} if each["role"] == "assistant" else each for each in messages]
    last = renderer.sequences([*before, {"role": "assistant", "content": reply}])[-1]
    return last.ids, last.mask


@torch.no_grad()
def _batch(policy: Any, first: Any, rows: Sequence[tuple[list[int], list[bool]]]) -> NDArray[np.float64]:
    device = device_of(policy)
    longest = max(len(ids) for ids, _ in rows)
    # Filled up on the right, where no token of a reply looks: neither a mask nor positions are wanted.
    tokens = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in rows], device=device)
    drawn = torch.tensor([mask + [False] * (longest - len(mask)) for _, mask in rows], device=device)[:, 1:]
    with eager():
        ours, theirs = (model(input_ids=tokens, use_cache=False).logits[:, :-1].float() for model in (policy, first))
    ours, theirs = ours.log_softmax(-1), theirs.log_softmax(-1)
    per_token = (ours.exp() * (ours - theirs)).sum(-1).double().clamp(min=0)
    found: NDArray[np.float64] = torch.where(drawn, per_token, 0.0).sum(1).cpu().numpy()
    return found
