"""Where a reward model is least sure: how far the members of its ensemble disagree about what would be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from espalier.command_line.console import progress
from espalier.errors import UserError
from espalier.models.reward import sigmoid
from feedback.rating.content import Content
from feedback.rating.store import Item, Store

if TYPE_CHECKING:
    from espalier.models.pool import Placement

_AT_ONCE = 32


def doubts_of(store: Store, reference: str, placement: Placement) -> tuple[dict[str, float | None], str]:
    """By content of what is asked, how unsure the reward model `run:NAME` is; and how to state it.

    Of a pair: the standard deviation over its members of the probability that the one reply is the better one. Of one
    reply: of the reward. None where it cannot tell, as of an empty reply. What was computed before is not again.
    UserError where there is no such reward model, or it has but one member.
    """
    from espalier.models.reward import open_reward

    model = open_reward(reference, placement)
    if model.members < 2:
        raise UserError(f"--next: {reference} has one member, which cannot disagree; train it with more members")
    key = f"{reference}@{model.identity['content_hash']}"
    found = store.doubts(key)
    items = [item for item in store.items(asked=True) if item.content_hash not in found]
    with progress(len(items), f"{reference} is asked how sure it is") as bar:
        for start in range(0, len(items), _AT_ONCE):
            some = items[start : start + _AT_ONCE]
            store.keep_doubts(key, dict(zip([each.content_hash for each in some], _doubts(model, some), strict=True)))
            bar.update(start + len(some), {})
    return store.doubts(key), f"{reference} (where its members disagree most)"


def _doubts(model: Any, items: Sequence[Item]) -> list[float | None]:
    asked = [(list(each.content.messages), reply) for each in items for reply in each.content.replies]
    rewards = model.score(asked)[:, :, model.place_of("preferred")]
    found: list[float | None] = []
    place = 0
    for each in items:
        number = len(each.content.replies)
        found.append(_spread(each.content, rewards[place : place + number]))
        place += number
    return found


def _spread(content: Content, rewards: Any) -> float | None:
    """The spread over members, from rewards of shape (replies, members)."""
    told = rewards[0] if len(content.replies) == 1 else sigmoid(rewards[0] - rewards[1])
    return float(np.std(told)) if np.isfinite(told).all() else None
