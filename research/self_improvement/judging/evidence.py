"""What is known of each judge's rankings: truth, agreement, transitivity, and whether the order of two decides.

All figures but shares run up to 1 with 0 for chance, with 95 % intervals over challenges. A judge that always says tie
gets 0 or nothing everywhere: it is wrong of nothing, and of no use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.stats import Estimate, mean
from evaluation.judges.agreement import Resamples
from research.self_improvement.judging.agreeing import loadings
from research.self_improvement.judging.comparing import Compared
from research.self_improvement.judging.panel import by_challenge, by_judge

Floats = NDArray[np.float64]
FEWEST = 8
"""Challenges without which neither truth nor agreement tells anything of a judge."""
CYCLES = 0.25
"""Share of three comparisons that go round in a circle where each is decided by lot."""
_SIGNED = (-1.0, 1.0)
_RESAMPLES = 500


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of one judge. None where nothing is."""

    judge: str
    asked: int
    """Pairs."""
    told: int
    """Those of which it said something in both orders."""
    truth: Estimate | None
    """Of pairs of which one is truly better: 1 where it says so, -1 where it says the opposite, 0 for a tie."""
    agreement: Estimate | None
    """Its correlation with what all judges have in common."""
    consistency: Estimate | None
    """Of pairs that are no tie in both orders: 1 where both say the same, -1 where both say the opposite, else 0."""
    transitivity: Estimate | None
    """1 less its share of circles over that of chance."""
    first: Estimate | None
    """How often it says A where it does not say tie: near 0.5 for who reads, whatever the performances."""
    fooled_by: tuple[str, ...]
    """Kinds of controls (`controls.py`) that it falls for."""
    longer: Estimate | None
    """Of decided pairs of unlike length: 1 where the longer is preferred, -1 where the shorter is."""


def evidence(
    compared: Sequence[Compared],
    truths: Mapping[str, Sequence[float | None]] | None = None,
    lengths: Mapping[str, Sequence[int]] | None = None,
    fooled: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Evidence]:
    """Of each judge what is known. `truths`: by challenge the known score of each performance, where there is one;
    `lengths`: how long each is; `fooled`: by judge the kinds of controls that fool it. Agreement with a judge that is
    fooled is no merit, so it is that of the others among themselves."""
    agreeing = _agreement([each for each in compared if not (fooled or {}).get(each.judge)])
    numbers = {name: number for number, name in enumerate(by_challenge(compared))}
    found = {}
    for judge, those in by_judge(compared).items():
        decided = [each for each in those if each.points]
        orders = [(each, side) for each in those for side in (heard.side for heard in each.heard) if side in ("A", "B")]
        found[judge] = Evidence(
            judge=judge,
            asked=len(those),
            told=sum(each.points is not None for each in those),
            truth=_over(numbers, [(each, _right(each, truths)) for each in those], least=FEWEST),
            agreement=agreeing.get(judge),
            consistency=_over(numbers, [(each, _same(each)) for each in those]),
            transitivity=_over(numbers, _triples(those), (1 - 1 / CYCLES, 1.0)),
            first=_over(numbers, [(each, float(side == "A")) for each, side in orders], (0.0, 1.0)),
            fooled_by=tuple((fooled or {}).get(judge, ())),
            longer=_over(numbers, [(each, _longer(each, lengths)) for each in decided]),
        )
    return found


def _over(
    numbers: Mapping[str, int],
    values: Sequence[tuple[Compared, float | None]],
    bounds: tuple[float, float] = _SIGNED,
    least: int = 1,
) -> Estimate | None:
    """The mean of the values that exist; None where they come of fewer than `least` challenges."""
    known = [(numbers[each.challenge], value) for each, value in values if value is not None]
    if len({number for number, _ in known}) < least:
        return None
    return mean([value for _, value in known], [number for number, _ in known], bounds)


def _agreement(compared: Sequence[Compared]) -> dict[str, Estimate]:
    judges = list(by_judge(compared))
    places = {key: place for place, key in enumerate(dict.fromkeys((each.challenge, *each.pair) for each in compared))}
    if len(judges) < 2 or len({challenge for challenge, *_ in places}) < FEWEST:
        return {}
    points = np.full((len(places), len(judges)), np.nan)
    for each in compared:
        if each.points is not None:
            points[places[each.challenge, *each.pair], judges.index(each.judge)] = each.points
    resamples = Resamples([challenge for challenge, *_ in places], count=_RESAMPLES)
    return dict(zip(judges, loadings(points, judges, resamples), strict=True))


def _right(each: Compared, truths: Mapping[str, Sequence[float | None]] | None) -> float | None:
    gap = _gap(each, truths)
    return None if each.points is None or not gap else each.points * float(np.sign(gap))


def _longer(each: Compared, lengths: Mapping[str, Sequence[int]] | None) -> float | None:
    gap = _gap(each, lengths)
    return None if not each.points or not gap else float(np.sign(each.points * gap))


def _gap(each: Compared, known: Mapping[str, Sequence[float | None]] | None) -> float | None:
    values = (known or {}).get(each.challenge)
    if values is None:
        return None
    one, other = values[each.one], values[each.other]
    return None if one is None or other is None else one - other


def _same(each: Compared) -> float | None:
    if each.orders is None or not any(each.orders):
        return None
    there, back = each.orders
    return there * back


def _triples(those: Sequence[Compared]) -> list[tuple[Compared, float | None]]:
    """Of every three performances all decided among themselves: 1, or where they go round what makes 0 of chance."""
    found = list[tuple[Compared, float | None]]()
    for of_challenge in by_challenge(those).values():
        ahead = {pair: points for each in of_challenge for pair, points in _both_ways(each)}
        for i, j, k in combinations(sorted({place for pair in ahead for place in pair}), 3):
            round_ = [ahead.get(pair, 0.0) for pair in ((i, j), (j, k), (k, i))]
            if all(round_):
                circle = abs(sum(map(np.sign, round_))) == 3
                found.append((of_challenge[0], 1 - 1 / CYCLES if circle else 1.0))
    return found


def _both_ways(each: Compared) -> list[tuple[tuple[int, int], float]]:
    points = each.points or 0.0
    return [((each.one, each.other), points), ((each.other, each.one), -points)]
