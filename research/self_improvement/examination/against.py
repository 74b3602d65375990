"""A model beside the one of round 0: what it truly gained, and what judges say."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from research.self_improvement.examination.figures import Facts, Scored, share
from research.self_improvement.families.family import Challenge, Family, Performance
from research.self_improvement.judging.comparing import Compared, Contest, Panel, compare
from research.self_improvement.judging.controls import Control, controls, fooled, withstood
from research.self_improvement.judging.panel import by_judge, silences

MOST_CONTROLS = 24
"""Challenges of each family about which judges are also asked what no judge may fall for."""


def contests(
    challenges: Sequence[Challenge], before: Sequence[Performance], now: Sequence[Performance]
) -> list[Contest]:
    """Round 0's performance of each challenge beside the present one; none where they say the same."""
    return [
        Contest(challenge, [one, other], [(0, 1)])
        for challenge, one, other in zip(challenges, before, now, strict=True)
        if one.text != other.text
    ]


def asked(families: Mapping[str, Family], made: Mapping[str, Sequence[Contest]], panel: Panel) -> list[Compared]:
    """What the judges say of the contests of each family."""
    return [line for name, those in made.items() for line in compare(families[name].compare, those, panel)]


def held_to_controls(
    families: Mapping[str, Family], made: Mapping[str, Sequence[Contest]], panel: Panel
) -> tuple[list[Control], list[Compared]]:
    """What no judge may fall for, made of some of the contests, and what the judges say of it."""
    tried, said = list[Control](), list[Compared]()
    for name, those in made.items():
        of_family = controls(those[:MOST_CONTROLS], random.Random(f"controls of {name}"))
        tried += of_family
        said += compare(families[name].compare, [each.contest for each in of_family], panel)
    return tried, said


def judges(
    names: Sequence[str],
    ours: Sequence[Scored],
    theirs: Sequence[Scored],
    compared: Sequence[Compared],
    tried: Sequence[Control],
    said: Sequence[Compared],
) -> Facts:
    """What each judge says, and all together: how often the present model is preferred, over all challenges.

    Performances that say the same tie, as does what a judge abstains from or says A to twice.
    """
    falls_for = fooled(withstood(tried, said))
    truth = {one.challenge: one.won - other.won for one, other in zip(ours, theirs, strict=True)}
    told = by_judge(compared)
    wins = {name: _wins(told.get(name, [])) for name in names}
    found: dict[str, Facts] = {}
    for name in names:
        those = told.get(name, [])
        right = [
            (1 + (2 * wins[name][each.challenge] - 1) * (1 if truth[each.challenge] > 0 else -1)) / 2
            for each in those
            if truth[each.challenge]
        ]
        sides = [heard.side for each in those for heard in each.heard if heard.side in ("A", "B")]
        found[name] = {
            "win_rate": share(wins[name].get(each, 0.5) for each in truth),
            "where_truth_ties": share(wins[name].get(each, 0.5) for each, gap in truth.items() if not gap),
            "right": share(right),
            "asked": len(those),
            "abstained": sum(each.points is None for each in those),
            "silences": silences(those),
            "first": sides.count("A") / len(sides) if sides else None,
            "fooled_by": falls_for.get(name, []),
        }
    together = [[of.get(each, 0.5) for of in wins.values()] for each in truth]
    return {"judges": found, "win_rate": share(sum(each) / len(each) for each in together) if names else None}


def _wins(those: Sequence[Compared]) -> dict[str, float]:
    """By challenge, how far the present performance, which is the other, is preferred: from 0 to 1."""
    return {each.challenge: (1 - (each.points or 0.0)) / 2 for each in those}
