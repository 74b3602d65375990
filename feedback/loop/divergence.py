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

from espalier.errors import UserError
from espalier.models.compiling import eager
from espalier.models.layers import device_of
from espalier.text.chat import ChatRenderer
from espalier.text.messages import Message
from evaluation.cases.case import Reply

Conversation = tuple[Sequence[Message], Reply]
_MOST_LOGITS = 2**26
"""Logits of a batch and a model; a quarter of a gigabyte in float32."""


def divergence(
    policy: Any, first: Any, renderer: ChatRenderer, conversations: Sequence[Conversation], batch_size: int = 32
) -> NDArray[np.float64]:
    """Nats of each reply (n,), each a draw of the policy's to its messages; `renderer` is that of both models.

    Not a number where there is no reply, or one that the chat template cannot show, such as thoughts that never end.
    """
    told = [_drawn(renderer, messages, reply) for messages, reply in conversations]
    rows = {place: row for place, row in enumerate(told) if row is not None}
    order = sorted(rows, key=lambda place: -len(rows[place][0]))
    found = np.full(len(told), np.nan)
    start = 0
    while start < len(order):
        longest = len(rows[order[start]][0])
        size = max(1, min(batch_size, _MOST_LOGITS // (longest * len(renderer.tokenizer))))
        places = order[start : start + size]
        found[places] = _batch(policy, first, [rows[place] for place in places])
        start += size
    return found


def _drawn(renderer: ChatRenderer, messages: Sequence[Message], reply: Reply) -> tuple[list[int], list[bool]] | None:
    """The tokens of a conversation that ends with a reply, and which of them the policy drew."""
    if reply.finish == "error":
        return None
    before = [{**each, "weight": 0.0} if each["role"] == "assistant" else each for each in messages]
    try:
        last = renderer.sequences([*before, {"role": "assistant", "content": reply.text}])[-1]
    except UserError:
        return None
    ids, drawn = last.ids, last.mask
    # What was cut was not ended by the policy: the token that ends it here is the chat template's.
    if reply.finish == "length" and True in drawn:
        end = len(drawn) - 1 - drawn[::-1].index(True)
        drawn[end] = drawn[end] and ids[end] not in renderer.stop_ids
    return ids, drawn


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
