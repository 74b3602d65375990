"""How rich a game is, measured: does the better policy win, how long is it, how much is there to choose, does every
policy have one that beats it?

A chart of winnings holds for each policy what it wins in a seat whose other seats all have another policy. What of the
differences in it no order of strength explains is cyclic, as in rock, paper, scissors (HodgeRank: Jiang, Lim, Yao & Ye
2011).
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from evaluation.comparison.stats import Estimate, mean
from research.self_improvement.families.social_games.game import Game, Outcome, Policy, Setting

Says = Mapping[str, Policy]
"""By which policy each seat speaks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Richness:
    """What is measured of a game."""

    policies: tuple[str, ...]
    """From the least skilled to the most, as they are said to be."""
    wins: tuple[float, ...]
    """What each of them wins in the middle."""
    better: Estimate
    """What the most skilled wins more than the least, against the same others in the same settings."""
    order: float
    """Kendall's τ between the skill that policies are said to have and what they win; 0 where all win the same."""
    turns: float
    """Replies of a game, in the middle."""
    branching: float
    """Moves that there are at a turn: their geometric mean."""
    cyclic: float
    """The share of differences in the chart that no order of strength explains, from 0 to 1; what is chance is left
    out."""

    @property
    def total(self) -> float:
        """By which games are ranked. Nothing is rich in which skill wins nothing, however long it is: what skill surely
        wins, times one and the other three, each from 0 to 1."""
        skill = max(0.0, self.better.low)
        choice = math.log2(max(1.0, self.branching))
        return skill * (1 + self.turns / (self.turns + 8) + choice / (choice + 2) + self.cyclic)


def richness(game: Game[Any], settings: Sequence[Setting], policies: Mapping[str, Policy], *, seed: int) -> Richness:
    """The measures of a game over these settings: each pair of policies plays each of them from every seat, twice.

    Deterministic by `seed`. ValueError for fewer than two settings or policies.
    """
    if len(settings) < 2 or len(policies) < 2:
        raise ValueError("richness is measured on two settings and two policies at least")
    names = tuple(policies)
    outcomes = list[Outcome]()
    # Shape (halves, settings, policies, policies of the others).
    won = np.zeros((2, len(settings), len(names), len(names)))
    for half in range(2):
        for at, setting in enumerate(settings):
            for row, one in enumerate(names):
                for column, other in enumerate(names):
                    draws = _seed(seed, half, at, other)
                    found, played = _average(game, setting, policies[one], policies[other], draws)
                    won[half, at, row, column] = found
                    outcomes += played
    wins = won.mean(axis=(0, 1, 3))
    better = mean((won[:, :, -1] - won[:, :, 0]).mean(axis=(0, 2)), bounds=(-1.0, 1.0))
    assert better is not None
    order = float(kendalltau(range(len(names)), wins.round(9)).statistic) if np.ptp(wins) > 1e-9 else 0.0
    choices = [choice for outcome in outcomes for choice in outcome.choices]
    return Richness(
        policies=names,
        wins=tuple(map(float, wins)),
        better=better,
        order=order,
        turns=len(choices) / len(outcomes),
        branching=math.exp(sum(map(math.log, choices)) / len(choices)),
        cyclic=_cyclic(won[0].mean(axis=0), won[1].mean(axis=0)),
    )


def ranked(found: Mapping[str, Richness]) -> list[str]:
    """Games by name, the richest first."""
    return sorted(found, key=lambda name: (-found[name].total, name))


def played(game: Game[Any], setting: Setting, says: Says, rng: random.Random) -> Outcome:
    """One game among policies."""
    turns = game.turns(setting, rng)
    view = next(turns)
    while True:
        try:
            view = turns.send(says[view.player](view, rng))
        except StopIteration as over:
            outcome: Outcome = over.value
            return outcome


def _average(game: Game[Any], setting: Setting, one: Policy, other: Policy, draws: int) -> tuple[float, list[Outcome]]:
    """What a policy wins on the average of all seats."""
    seats = game.seats(setting)
    outcomes = [
        played(
            game, setting, {name: one if name == seat else other for name in seats}, random.Random(f"{draws}/{seat}")
        )
        for seat in seats
    ]
    return sum(each.winnings[seat] for each, seat in zip(outcomes, seats, strict=True)) / len(seats), outcomes


def _cyclic(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Of two halves' charts, so that chance, which differs between them, adds nothing to either product."""
    (first, first_rest), (second, second_rest) = map(_parts, (one, other))
    whole = float((first * second).sum())
    return min(1.0, max(0.0, float((first_rest * second_rest).sum()) / whole)) if whole > 1e-9 else 0.0


def _parts(chart: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each policy wins more than the other of a pair, and what of it an order of strength leaves."""
    ahead = chart - chart.T
    strength = ahead.mean(axis=1)
    return ahead, ahead - (strength[:, None] - strength[None, :])


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:6], "big")
