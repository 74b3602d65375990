"""Judge drift: the model as a judge of pairs that were fixed in round 0, of which truth says that one is better.

The pairs stay the same, so that what changes is the judge. Beside it stands what would agree with truth as much without
reading: who prefers the longer of the two, or the shorter. Who says A to everything is right of a half.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from research.self_improvement.examination.figures import SIGNED, Facts, estimate, reasons, share
from research.self_improvement.families.family import Challenge, Family, Performance
from research.self_improvement.judging.comparing import Compared, Contest, Judge, compare

if TYPE_CHECKING:
    from espalier.sandbox import Pool

Line = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FixedPair:
    """Two performances of a challenge, as unlike in truth as any that were drawn."""

    challenge: Challenge
    one: Performance
    other: Performance
    truth: float
    """How far the one is truly better; below 0 where the other is."""

    @property
    def line(self) -> Line:
        """As a file keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, line: Line) -> FixedPair:
        """Of `line`."""
        made = {side: Performance(**line[side]) for side in ("one", "other")}
        return cls(**line | made | {"challenge": Challenge(**line["challenge"])})


def fix(
    family: Family,
    challenges: Sequence[Challenge],
    performances: Sequence[Sequence[Performance]],
    most: int,
    pool: Pool | None,
) -> list[FixedPair]:
    """Of each challenge the best and the worst that were performed, where truth tells them apart; at most so many,
    evenly of all levels. Which of the two stands first is drawn by lot of the challenge."""
    by_level: dict[int, list[FixedPair]] = {}
    for challenge, those in zip(challenges, performances, strict=True):
        scores = [verdict.score for verdict in family.verify(challenge, those, pool)]
        known = [(score, place) for place, score in enumerate(scores) if score is not None]
        if not known or min(known)[0] == max(known)[0]:
            continue
        (low, worst), (high, best) = min(known), max(known, key=lambda each: (each[0], -each[1]))
        one, other = (best, worst) if random.Random(challenge.id).random() < 0.5 else (worst, best)
        truth = high - low if one == best else low - high
        pair = FixedPair(challenge=challenge, one=those[one], other=those[other], truth=truth)
        by_level.setdefault(challenge.difficulty, []).append(pair)
    depth = max(map(len, by_level.values()), default=0)
    in_turn = [of[at] for at in range(depth) for _, of in sorted(by_level.items()) if at < len(of)]
    return in_turn[:most]


def judge(families: Mapping[str, Family], pairs: Sequence[FixedPair], name: str, judge: Judge) -> list[Compared]:
    """What the judge of this name says of the pairs, in both orders."""
    found = []
    for family in families.values():
        contests = [
            Contest(each.challenge, [each.one, each.other], [(0, 1)])
            for each in pairs
            if each.challenge.family == family.name
        ]
        found += compare(family.compare, contests, {name: judge})
    return found


def drift(pairs: Sequence[FixedPair], compared: Sequence[Compared]) -> Facts | None:
    """What kind of judge said that, as plain data; None where there is no pair.

    An abstention is worth what a tie is: a judge could keep silent of what it would fail at.
    """
    if not pairs:
        return None
    right = right_by_pair(pairs, compared)
    orders = [heard.side for each in compared for heard in each.heard]
    decided = [each for each in compared if each.orders and any(each.orders)]
    families = sorted({each.challenge.family for each in pairs})
    return {
        "pairs": len(pairs),
        "right": share(right.values()),
        "by_family": {
            name: share(right[each.challenge.id] for each in pairs if each.challenge.family == name)
            for name in families
        },
        "first": share(
            shares for each in compared if (shares := _share_of_first([heard.side for heard in each.heard])) is not None
        ),
        "same_both_ways": share(
            float(each.orders is not None and each.orders[0] == each.orders[1]) for each in decided
        ),
        "abstained": sum(side is None for side in orders) / len(orders) if orders else 0.0,
        "silences": reasons(heard.why for each in compared for heard in each.heard if heard.why),
        "controls": {
            name: share((1 + sign * _longer(each) * _sign(each.truth)) / 2 for each in pairs)
            for name, sign in (("prefers the longer", 1), ("prefers the shorter", -1))
        },
    }


def right_by_pair(pairs: Sequence[FixedPair], compared: Sequence[Compared]) -> dict[str, float]:
    """By challenge, how far a judge is right: 1 for both orders, a half for a tie, for A said twice and for silence."""
    said = {each.challenge: each.points or 0.0 for each in compared}
    return {each.challenge.id: (1 + said.get(each.challenge.id, 0.0) * _sign(each.truth)) / 2 for each in pairs}


def gain(pairs: Sequence[FixedPair], now: Sequence[Compared], before: Sequence[Compared]) -> Facts | None:
    """By how much a judge is right more often than one before, of the same pairs."""
    ours, theirs = right_by_pair(pairs, now), right_by_pair(pairs, before)
    return estimate((ours[name] - theirs[name] for name in ours), SIGNED)


def _share_of_first(sides: Sequence[str | None]) -> float | None:
    said = [side for side in sides if side in ("A", "B")]
    return said.count("A") / len(said) if said else None


def _longer(pair: FixedPair) -> int:
    return _sign(len(pair.one.text) - len(pair.other.text))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
