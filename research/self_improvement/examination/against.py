"""A model beside the one of round 0: what it truly gained, and what judges say."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from research.self_improvement.examination.figures import Facts, Scored, beside, share, win_rate
from research.self_improvement.examination.keeping import Kept
from research.self_improvement.examination.sitting import Examiner, Sat, Sittings, Speaks, scored
from research.self_improvement.families.family import Challenge, Family
from research.self_improvement.judging.comparing import Compared, Contest, Panel, compare
from research.self_improvement.judging.controls import Control, controls, fooled, said_of, withstood
from research.self_improvement.judging.panel import by_judge, silences
from research.self_improvement.round.panel import spoken_by

_GOOD = 0.5
"""What a performance is surely good above."""
MOST_CONTROLS = 24
"""Challenges of each family about which judges are also asked what no judge may fall for."""


def held_against(
    examiner: Examiner, asked: Sittings, first: Kept, judges: Sequence[str], speaks: Speaks
) -> tuple[list[Compared], Facts]:
    """What the judges say of the two, and all figures of it as plain data."""
    before = {
        name: Sat(
            [first.played[each.challenge] for each in sat.played], [first.scored[each.challenge] for each in sat.scored]
        )
        for name, sat in asked.items()
    }
    made = {name: contests(examiner.challenges[name], before[name], sat) for name, sat in asked.items()}
    good = {name: good_ones(examiner.challenges[name], sat, before[name]) for name, sat in asked.items()}
    said, tried, said_of_tried = list[Compared](), list[Control](), list[Compared]()
    for reference in judges if any(made.values()) else ():
        with speaks(reference, 0.0, examiner.prefix) as voice:
            panel = {reference: spoken_by(voice)}
            said += compared_by(examiner.families, made, panel)
            tried, more = held_to_controls(examiner.families, good, panel)
            said_of_tried += more
    ours, theirs = scored(asked), scored(before)
    return said, {
        "exam": first.name,
        "model": first.model,
        "gain": beside(ours, theirs),
        "win_rate": win_rate(ours, theirs),
        "families": {
            name: {
                "gain": beside(sat.scored, before[name].scored),
                "win_rate": win_rate(sat.scored, before[name].scored),
                "same": len(sat.played) - len(made[name]),
            }
            for name, sat in asked.items()
        },
        "judged": judged_by(judges, ours, theirs, said, tried, said_of_tried),
    }


def contests(challenges: Sequence[Challenge], before: Sat, now: Sat) -> list[Contest]:
    """Round 0's performance of each challenge beside the present one; none where they say the same."""
    return [
        Contest(challenge, [one.performance, other.performance], [(0, 1)])
        for challenge, one, other in zip(challenges, before.played, now.played, strict=True)
        if one.performance.text != other.performance.text
    ]


def good_ones(challenges: Sequence[Challenge], now: Sat, before: Sat) -> list[Contest]:
    """Of each challenge a performance that is truly good, if there is one. Of a bad one a good judge may well say that
    it is no better than nothing."""
    found = []
    for challenge, *both in zip(challenges, zip(*now, strict=True), zip(*before, strict=True), strict=True):
        good = [played.performance for played, known in both if known.won > _GOOD]
        found += [Contest(challenge, good[:1], [])] if good else []
    return found


def compared_by(families: Mapping[str, Family], made: Mapping[str, Sequence[Contest]], panel: Panel) -> list[Compared]:
    """What the judges say of the contests of each family."""
    return [line for name, those in made.items() for line in compare(families[name].compare, those, panel)]


def held_to_controls(
    families: Mapping[str, Family], good: Mapping[str, Sequence[Contest]], panel: Panel
) -> tuple[list[Control], list[Compared]]:
    """What no judge may fall for, made of performances that are good, and what the judges say of it."""
    tried, said = list[Control](), list[Compared]()
    for name, those in good.items():
        of_family = controls(those[:MOST_CONTROLS], random.Random(f"controls of {name}"))
        tried += of_family
        said += compare(families[name].compare, [each.contest for each in of_family], panel)
    return tried, said


def judged_by(
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
    falls_for = fooled(withstood(said_of(tried, said)))
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
            "controls": len(tried),
        }
    together = [[of.get(each, 0.5) for of in wins.values()] for each in truth]
    return {"judges": found, "win_rate": share(sum(each) / len(each) for each in together) if names else None}


def _wins(those: Sequence[Compared]) -> dict[str, float]:
    """By challenge, how far the present performance, which is the other, is preferred: from 0 to 1."""
    return {each.challenge: (1 - (each.points or 0.0)) / 2 for each in those}
