"""Minimal pairs of an examination, and what a model makes of them.

They are about pairs of a verb and an object that stand in no session; `data_mix/curriculum/pairs.py` says how they are
spoilt.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from data_mix.curriculum.pairs import PHENOMENA, Pair, Phenomenon
from evaluation.comparison.stats import mean
from research.bootstrap.classroom.asking import SOPHIE
from research.bootstrap.classroom.scene import Scene

PAIRS = 60
"""Of each phenomenon."""


def pairs(seed: int) -> dict[str, list[Pair]]:
    """PAIRS pairs of each phenomenon, all different, the same for the same seed."""
    return {name: _pairs_of(phenomenon, random.Random(f"{seed}/{name}")) for name, phenomenon in PHENOMENA.items()}


def _pairs_of(phenomenon: Phenomenon, rng: random.Random) -> list[Pair]:
    scene = Scene(rng, "examination")
    return phenomenon.pairs(rng, lambda frames: scene.clause(frames=frames), PAIRS)


def texts(found: dict[str, list[Pair]]) -> list[str]:
    """The sentences as lines that Sophie says, the right one of each pair first."""
    return [f"{SOPHIE}: {sentence}\n" for those in found.values() for pair in those for sentence in pair]


def told_right(found: dict[str, list[Pair]], likelihoods: Sequence[float]) -> dict[str, Any]:
    """What a model makes of the pairs, given how likely it finds each of their `texts`; a tie is half right."""
    phenomena, place = dict[str, Any](), 0
    for name, those in found.items():
        right = [_better(*likelihoods[at : at + 2]) for at in range(place, place + 2 * len(those), 2)]
        place += 2 * len(those)
        estimate = mean([float(each) for each in right])
        assert estimate is not None
        phenomena[name] = {
            "pairs": len(those),
            "right": sum(right),
            "share": estimate.value,
            "low": estimate.low,
            "high": estimate.high,
            "shorter": sum(_better(-len(good), -len(bad)) for good, bad in those) / len(those),
        }
    return {"phenomena": phenomena, "share": sum(each["share"] for each in phenomena.values()) / len(phenomena)}


def _better(good: float, bad: float) -> float:
    return 1.0 if good > bad else 0.5 if good == bad else 0.0
