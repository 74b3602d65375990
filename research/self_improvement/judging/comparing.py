"""Performances in pairs, each asked about in both orders, by each judge of a panel.

A judge that says the same of both orders has a verdict; one that says A twice has none but a tie. Where it abstains in
one order it abstains from the pair: half of a pair would let in which of the two stood first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from research.self_improvement.families.family import Challenge, Messages, Performance
from research.self_improvement.judging.answers import Heard, read

Judge = Callable[[Sequence[Messages]], Sequence[str]]
"""Who answers a batch of conversations, in their order."""
Panel = Mapping[str, Judge]
"""Judges by name. Seats of one model are MODEL#0, MODEL#1 and so on: what they share is no agreement."""
Asking = Callable[[Challenge, Performance, Performance], Messages]
"""`Family.compare`."""
Pair = tuple[int, int]
"""Places of two performances, the lower first."""
_WORTH = {"A": 1.0, "B": -1.0, "tie": 0.0}


class Contest(NamedTuple):
    """Performances of one challenge, and which of them are compared."""

    challenge: Challenge
    performances: Sequence[Performance]
    pairs: Sequence[Pair]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What one judge said of two performances, in both orders. Plain data: `asdict` and back by `Compared(**line)`."""

    challenge: str
    """Its id."""
    one: int
    """Place of a performance, lower than that of the other."""
    other: int
    judge: str
    there: str
    """What it said where `one` was shown as A."""
    back: str
    """What it said where `one` was shown as B."""

    @cached_property
    def heard(self) -> tuple[Heard, Heard]:
        """What was made of the two texts."""
        return read(self.there), read(self.back)

    @cached_property
    def orders(self) -> tuple[float, float] | None:
        """1 where `one` is preferred, -1 where the other is, 0 for a tie, in each order; None for an abstention."""
        there, back = self.heard
        if there.side is None or back.side is None:
            return None
        return _WORTH[there.side], -_WORTH[back.side]

    @property
    def points(self) -> float | None:
        """The mean of both orders, from -1 to 1: 0 where they contradict each other; None for an abstention."""
        return None if self.orders is None else sum(self.orders) / 2

    @property
    def pair(self) -> Pair:
        """The two places."""
        return self.one, self.other


def seats(model: str, count: int, sampled: Callable[[int], Judge]) -> dict[str, Judge]:
    """One model `count` times: `sampled` gives it with the seed of a number."""
    return {f"{model}#{number}": sampled(number) for number in range(count)}


def model_of(judge: str) -> str:
    """Whose seat it is."""
    return judge.partition("#")[0]


def to_compare(performances: Sequence[Performance], rng: random.Random, meets: int | None = None) -> list[Pair]:
    """Which are compared: every two whose texts differ, or, with `meets`, each with about so many others.

    Those lie on a ring drawn by lot, each beside the next `meets` / 2 (at least the next one), so that all hang
    together. Nothing where all texts are the same.
    """
    places = list({each.text: place for place, each in reversed(list(enumerate(performances)))}.values())
    if meets is None or meets >= len(places) - 1:
        return sorted(combinations(sorted(places), 2))
    rng.shuffle(places)
    steps = range(1, max(1, meets // 2) + 1)
    ring = [(place, places[(number + step) % len(places)]) for step in steps for number, place in enumerate(places)]
    return sorted({(min(pair), max(pair)) for pair in ring})


def compare(asking: Asking, contests: Iterable[Contest], panel: Panel) -> list[Compared]:
    """What each judge says of each pair, by judges. All that a judge is asked is one batch.

    ValueError where a judge gives not one text for each conversation.
    """
    keys, asked = list[tuple[str, int, int]](), list[Messages]()
    for challenge, performances, pairs in contests:
        for one, other in pairs:
            keys.append((challenge.id, one, other))
            asked.append(asking(challenge, performances[one], performances[other]))
            asked.append(asking(challenge, performances[other], performances[one]))
    found = list[Compared]()
    for name, judge in panel.items():
        said = list(judge(asked)) if asked else []
        if len(said) != len(asked):
            raise ValueError(f"{name} answered {len(said)} of {len(asked)} conversations")
        for (challenge_id, one, other), there, back in zip(keys, said[::2], said[1::2], strict=True):
            found.append(Compared(challenge=challenge_id, one=one, other=other, judge=name, there=there, back=back))
    return found
