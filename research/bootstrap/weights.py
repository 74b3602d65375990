"""What an attempt of a score weighs, by the threshold of the pupil's band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from research.bootstrap.bands import TOP_SCORE

Kind = Literal["linear", "exponential", "dynamic"]


def weights_of(kind: Kind, threshold: int | None, least: float, scores: Sequence[int] = ()) -> tuple[float, ...]:
    """The weight of each score, 0 to TOP_SCORE. Up to the threshold it is 0; the next score weighs `least`, and the top
    score 1. Without a threshold everything weighs 1.

    Between them it rises in a line, by a constant factor (exponential), or by the share of those `scores` of a round
    that lie above the threshold and below the score, where half of the equal ones count (dynamic): what few reach
    weighs much.
    """
    if threshold is None:
        return (1.0,) * (TOP_SCORE + 1)
    first = threshold + 1
    above = [score for score in scores if score >= first]

    def rise(score: int) -> float:
        """0 at the first score that counts, 1 at the top."""
        if score == TOP_SCORE:
            return 1.0
        if kind == "dynamic" and above:
            return sum((each < score) + (each == score) / 2 for each in above) / len(above)
        return (score - first) / (TOP_SCORE - first)

    def weight(score: int) -> float:
        return float(least ** (1 - rise(score))) if kind == "exponential" else least + (1 - least) * rise(score)

    return tuple(0.0 if score < first else weight(score) for score in range(TOP_SCORE + 1))
