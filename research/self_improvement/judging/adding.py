"""What the ranking of rankings adds over the plain panel, where truth is known: agreement of both with it, in pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.comparison.stats import Estimate, mean
from research.self_improvement.judging.bradley_terry import kendall
from research.self_improvement.judging.comparing import Compared
from research.self_improvement.judging.panel import Weights, by_challenge, ranked


@dataclass(frozen=True, kw_only=True)
class Added:
    """Kendall's τ of rankings with truth, the mean over challenges of which not all performances are as good."""

    plain: Estimate
    """Of the panel in which all judges count alike."""
    weighted: Estimate
    """Of the panel in which each counts as it is trusted."""
    gain: Estimate
    """By how much the one is above the other, challenge by challenge."""


def added(compared: Sequence[Compared], truths: Mapping[str, Sequence[float | None]], weights: Weights) -> Added | None:
    """Of what judges said, by the known scores of each challenge's performances; None where nothing is known.

    Weights that were learned from the same truth flatter themselves: give weights of earlier rounds, or of other
    challenges.
    """
    taus = list[tuple[float, float]]()
    for name, those in by_challenge(compared).items():
        scores = truths.get(name)
        known = [place for place, score in enumerate(scores or ()) if score is not None]
        true = [float(scores[place] or 0.0) for place in known] if scores else []
        if len(set(true)) > 1 and scores:
            alike, trusted = (ranked(those, len(scores), way).values[known] for way in (None, weights))
            taus.append((kendall(alike, true), kendall(trusted, true)))
    if not taus:
        return None
    table = np.array(taus)
    plain, weighted = (mean(table[:, column], None, (-1.0, 1.0)) for column in (0, 1))
    gain = mean(table[:, 1] - table[:, 0], None, (-2.0, 2.0))
    assert plain and weighted and gain
    return Added(plain=plain, weighted=weighted, gain=gain)
