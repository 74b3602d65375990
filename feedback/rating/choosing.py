"""What a rater is asked next, and on which side each reply stands.

Everyone is asked in the same order, so that raters meet on the same items as early as can be. Now and then something
is asked again, the other way round, to see whether a rater agrees with themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback.rating.content import drawn
from feedback.rating.store import Item, Vote

DISTANCE = 8
"""So many other votes lie at least between a vote and its repetition."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """What is asked now."""

    item: Item
    swapped: bool
    """Whether the content's second reply stands on the left."""
    repeat: bool
    """Whether this rater has answered it before."""


class Queue:
    """The items in the order in which they are asked.

    `doubts` says by content hash how unsure a reward model is: the most unsure first, what it cannot tell last; without
    them chance decides. `gold` is the share of repetitions among first votes.
    """

    def __init__(
        self, items: Sequence[Item], *, seed: int, gold: float, doubts: Mapping[str, float | None] | None = None
    ) -> None:
        self.by_id = {item.id: item for item in items}
        self.by_content = {item.content_hash: item for item in items}
        self._seed, self._gold = seed, gold

        def rank(item: Item) -> tuple[float, int]:
            doubt = (doubts or {}).get(item.content_hash)
            return (-doubt if doubt is not None else float("inf")) if doubts is not None else 0.0, drawn(seed, item.id)

        self._order = sorted(items, key=rank)

    def due(self, rater: str, votes: Sequence[Vote]) -> Due | None:
        """What this rater is asked after these votes of theirs; None where nothing is left."""
        mine = self.about_these(votes)
        first = {vote.content for vote in mine if not vote.repeat}
        again = self._again(rater, mine)
        if again is not None:
            return self.asked(rater, again, repeat=True)
        item = next((item for item in self._order if item.content_hash not in first), None)
        return None if item is None else self.asked(rater, item, repeat=False)

    def asked(self, rater: str, item: Item, *, repeat: bool) -> Due:
        """An item as this rater sees it; its replies change places when it is repeated."""
        return Due(item=item, swapped=bool(drawn(self._seed, rater, item.id) & 1) != repeat, repeat=repeat)

    def about_these(self, votes: Sequence[Vote]) -> list[Vote]:
        """The votes on what is asked now, as it is now, wherever they were given."""
        return [vote for vote in votes if vote.content in self.by_content]

    def progress(self, votes: Sequence[Vote]) -> dict[str, int]:
        """How many votes are given, and how many it will be."""
        mine = self.about_these(votes)
        answered = sum(not vote.repeat and vote.verdict is not None for vote in mine)
        left = len(self._order) - sum(not vote.repeat for vote in mine)
        repeats = sum(vote.repeat for vote in mine)
        to_come = max(repeats, int(self._gold * (answered + left)))
        skipped = sum(vote.verdict is None for vote in mine)
        return {"done": len(mine), "total": len(mine) - repeats + left + to_come, "skipped": skipped}

    def _again(self, rater: str, mine: Sequence[Vote]) -> Item | None:
        answered = [vote.content for vote in mine if not vote.repeat and vote.verdict is not None]
        repeated = {vote.content for vote in mine if vote.repeat}
        if len(repeated) >= int(self._gold * len(answered)):
            return None
        ripe = [each for each in answered[: max(0, len(answered) - DISTANCE)] if each not in repeated]
        return self.by_content[min(ripe, key=lambda each: drawn(self._seed, rater, "again", each))] if ripe else None
