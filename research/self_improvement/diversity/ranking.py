"""Which challenges are worth most: by quality, by difficulty and by novelty, whose product it is.

A product, since no factor may buy another: letters at random are as new as can be, and a challenge that is good and
known is known. What is picked counts as known for what is picked next, so that no two of the first say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from research.self_improvement.diversity.embedding import Embed
from research.self_improvement.diversity.settings import Weights
from research.self_improvement.families.family import Challenge

_STEPS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """How often a challenge was passed. ValueError where the numbers cannot be."""

    passed: int = 0
    """Performances that passed."""
    tries: int = 0
    """Performances."""
    guessed: float = 0.0
    """The share that passes without solving it, as controls find it: the commonest answer, an empty one, a coin."""

    def __post_init__(self) -> None:
        if not 0 <= self.passed <= self.tries or not 0 <= self.guessed <= 1:
            raise ValueError(f"{self.passed} of {self.tries} passed, {self.guessed} by guessing")


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A challenge, and what is known of its worth. ValueError where the quality cannot be."""

    challenge: Challenge
    """What it is."""
    quality: float
    """From 0 to 1, by judges or by what its family found; 0 where it is none."""
    tried: Tried
    """How hard it has been."""

    def __post_init__(self) -> None:
        if not 0 <= self.quality <= 1:
            raise ValueError(f"quality of {self.challenge.id} is {self.quality}, not from 0 to 1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """A challenge in its place."""

    candidate: Candidate
    """What it is."""
    difficulty: float
    """What its pass rate is worth, from 0 to 1."""
    novelty: float
    """1 less its likeness to the likest of what is known and of those ranked before it, from 0 to 1."""
    value: float
    """The product, by the weights."""


def worth(tried: Tried) -> float:
    """What a pass rate p is worth, 4 p (1 - p), which is 1 at a half: the expectation after so many tries, all p alike
    before. Untried is two thirds.

    Of p counts what guessing does not explain: a question that a coin answers is passed half of the time, and worth
    nothing.
    """
    p = (np.arange(_STEPS) + 0.5) / _STEPS
    likely = tried.passed * np.log(p) + (tried.tries - tried.passed) * np.log(1 - p)
    weights = np.exp(likely - likely.max())
    solved = np.clip((p - tried.guessed) / max(1e-12, 1 - tried.guessed), 0, 1)
    return float(np.sum(weights * 4 * solved * (1 - solved)) / weights.sum())


def ranked(
    candidates: Sequence[Candidate], known: Sequence[str], embed: Embed, weights: Weights, *, count: int | None = None
) -> list[Ranked]:
    """The best first, at most `count`; in whatever order they come. `known` are contents of the archive, of earlier
    rounds and of whatever else should not come again.

    Novelty is that against the nearest, and no mean of several: a copy of one thing would be half new beside others.
    """
    if not candidates:
        return []
    left = sorted(candidates, key=lambda each: each.challenge.id)
    vectors = embed([each.challenge.content for each in left])
    likest = np.max(vectors @ embed(known).T, axis=1, initial=0.0) if known else np.zeros(len(left))
    difficulty = np.array([worth(each.tried) for each in left])
    fixed = np.array([each.quality for each in left]) ** weights.quality * difficulty**weights.difficulty
    found, open_ = list[Ranked](), np.ones(len(left), dtype=bool)
    while open_.any() and (count is None or len(found) < count):
        novelty = np.round(np.clip(1 - likest, 0, 1), 9)  # a copy's is 0, and not what rounding leaves of it
        value = fixed * novelty**weights.novelty
        best = int(np.argmax(np.where(open_, value, -1)))
        open_[best] = False
        found.append(
            Ranked(
                candidate=left[best],
                difficulty=float(difficulty[best]),
                novelty=float(novelty[best]),
                value=float(value[best]),
            )
        )
        likest = np.maximum(likest, vectors @ vectors[best])
    return found
