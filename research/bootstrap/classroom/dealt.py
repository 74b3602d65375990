"""A control: reactions that say nothing of what they are reactions to."""

from __future__ import annotations

import random
from collections.abc import Sequence

from research.bootstrap.classroom.asking import Line, Want
from research.bootstrap.classroom.play import Score


def dealt(score: Score, rng: random.Random) -> Score:
    """In place of what a reply is worth, what an earlier one to a task of its band was worth, drawn among all of these;
    0 for a band's first. So a band keeps its shares of praise, other tries and model answers, up to chance."""
    earlier = dict[int, list[int]]()

    def drawn(want: Want, band: int, text: str, ended: bool, before: Sequence[Line]) -> int:
        worth = earlier.setdefault(band, [])
        found = rng.choice(worth) if worth else 0
        worth.append(score(want, band, text, ended, before))
        return found

    return drawn
