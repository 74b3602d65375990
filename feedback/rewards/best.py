"""Of rows of preferences the best reply to each prompt."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from espalier.text.messages import Message
from espalier.text.ratings import PREFERRED
from espalier.text.rows import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class Best:
    """A reply that was preferred to another one."""

    id: str
    """Of the row that it was first met in."""
    messages: list[Message]
    """What it answers."""
    reply: str
    """What it says, in one turn."""
    answer: str
    """The solution that the learner is to find, where the row has it."""


def best_replies(rows: Iterable[Row]) -> list[Best]:
    """Of each prompt the chosen reply, or the one rated highest on the whole; none where nothing is worse than it."""
    best: dict[str, tuple[float, Best]] = {}
    least: dict[str, float] = {}
    for row in rows:
        key = json.dumps([row.messages, row.tools], sort_keys=True)
        for reply, worth in _replies(row):
            least[key] = min(worth, least.get(key, worth))
            if key not in best or worth > best[key][0]:
                answer = str(row.meta.get("answer") or "")
                best[key] = worth, Best(id=row.id, messages=row.messages, reply=reply, answer=answer)
    return [found for key, (worth, found) in best.items() if worth > least[key]]


def _replies(row: Row) -> list[tuple[str, float]]:
    """Replies of a single turn, and what each is worth."""
    ratings = row.meta.get("ratings") or {}
    sides = [(row.chosen, 1.0), (row.rejected, 0.0)]
    if row.chosen is None or row.rejected is None:
        worth = ratings.get(PREFERRED)
        sides = [(row.chosen or row.rejected, worth)] if isinstance(worth, int | float) else []
    return [(reply[0]["content"], worth) for reply, worth in sides if reply is not None and len(reply) == 1]
