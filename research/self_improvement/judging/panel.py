"""From what judges said to rankings: of one challenge by the whole panel, or by one judge alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from research.self_improvement.judging.bradley_terry import Result, Strengths, fit
from research.self_improvement.judging.comparing import Compared

Floats = NDArray[np.float64]
Weights = Mapping[str, float]
"""By judge how much a result of its counts, from 0 to 1."""


def results(compared: Iterable[Compared], weights: Weights | None = None) -> list[Result]:
    """Results of the pairs that were told: each order is a half of one, so that A said twice is half a win and half a
    loss. Without weights all judges count 1; a judge without a weight counts nothing."""
    found = []
    for each in compared:
        weight = 1.0 if weights is None else weights.get(each.judge, 0.0)
        if each.orders is not None and weight > 0:
            won, tied, lost = (weight * each.orders.count(value) / 2 for value in (1.0, 0.0, -1.0))
            found.append(Result(each.one, each.other, won, tied, lost))
    return found


def ranked(compared: Iterable[Compared], size: int, weights: Weights | None = None) -> Strengths:
    """The panel's ranking of the `size` performances of one challenge."""
    return fit(size, results(compared, weights))


def own_points(compared: Iterable[Compared], size: int) -> Floats:
    """One judge's ranking of one challenge's performances, (size,): the mean of its points for each; NaN of one of
    which it said nothing."""
    given = [list[float]() for _ in range(size)]
    for each in compared:
        if each.points is not None:
            given[each.one].append(each.points)
            given[each.other].append(-each.points)
    return np.array([np.mean(points) if points else np.nan for points in given])


def by_judge(compared: Iterable[Compared]) -> dict[str, list[Compared]]:
    """Those of each judge, in the order in which they came."""
    found: dict[str, list[Compared]] = {}
    for each in compared:
        found.setdefault(each.judge, []).append(each)
    return found


def by_challenge(compared: Iterable[Compared]) -> dict[str, list[Compared]]:
    """Those of each challenge, in the order in which they came."""
    found: dict[str, list[Compared]] = {}
    for each in compared:
        found.setdefault(each.challenge, []).append(each)
    return found


def silences(compared: Sequence[Compared]) -> dict[str, int]:
    """By reason, how many answers were none."""
    found: dict[str, int] = {}
    for each in compared:
        for heard in each.heard:
            if heard.why:
                found[heard.why] = found.get(heard.why, 0) + 1
    return found
