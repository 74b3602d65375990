"""What rewards mean: fitted on replies that were not trained on, and judged on others.

A difference of rewards becomes the probability that the first reply is the better one by one number for a column, the
temperature (Guo et al. 2017, arXiv:1706.04599); a reward becomes a rating by two (Platt 1999).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from espalier.models.reward import Meaning, sigmoid
from espalier.text.ratings import PREFERRED
from evaluation.judges.agreement import Resamples
from feedback.rewards.held import Held

Floats = NDArray[np.float64]
FEWEST = 20
"""Pairs, or ratings, from which a meaning is fitted."""
_BINS = 10
_STEPS = 100


def meanings(held: Held) -> dict[str, Meaning]:
    """By column what rewards mean, for those of which enough is known."""
    found = {}
    for column, name in enumerate(held.columns):
        pairs = held.pairs(column)
        if len(pairs) < FEWEST:
            continue
        rewards = held.means[:, column]
        temperature = fit_temperature(rewards[pairs[:, 0]] - rewards[pairs[:, 1]])
        known = held.known(column)
        if name == PREFERRED:
            # A pair says nothing of a reply by itself: what it is held against is a typical one.
            slope = 1 / temperature
            offset, of = -slope * float(np.median(rewards[known])), "preferred"
        else:
            slope, offset = fit_ratings(rewards[known], held.targets[known, column])
            of = "rating"
        found[name] = Meaning(temperature=temperature, slope=slope, offset=offset, of=of)
    return found


def fit_temperature(differences: Floats) -> float:
    """The temperature that makes the better reply likeliest, of differences (P,) of its reward and the worse one's.

    Each pair counts as right in all cases but 1 of P + 2 (Platt 1999), so that there is one also where all are.
    """
    size = float(np.abs(differences).mean()) or 1.0
    scaled = differences / size
    right = (len(scaled) + 1) / (len(scaled) + 2)

    def slope(steep: float) -> float:
        return float(np.mean(scaled * (sigmoid(steep * scaled) - right)))

    return size / _root(slope, 1e-3, 1e3)


def fit_ratings(rewards: Floats, rated: Floats) -> tuple[float, float]:
    """Slope and offset of sigmoid(slope * reward + offset) that come nearest, in cross-entropy, to ratings 0 to 1."""
    centre, size = float(rewards.mean()), float(rewards.std()) or 1.0
    inputs = np.stack([(rewards - centre) / size, np.ones(len(rewards))], axis=1)
    # As if there were two more ratings, of which one was the best and one the worst: so there is always an optimum.
    wanted = (rated * len(rated) + 1) / (len(rated) + 2)
    found = np.zeros(2)
    for _ in range(_STEPS):
        said = sigmoid(inputs @ found)
        gradient = inputs.T @ (said - wanted)
        curvature = (inputs * (said * (1 - said))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        found -= np.clip(step, -1, 1)
    slope = float(found[0]) / size
    return slope, float(found[1]) - slope * centre


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is 0, between `low` and `high`, or the nearer of them."""
    for _ in range(_STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return float(np.sqrt(low * high))


def halves(held: Held) -> list[tuple[Held, Held]]:
    """A split in two, by its problems: each half with the other, on which it may be judged."""
    first = np.array([hashlib.sha256(name.encode()).digest()[0] % 2 == 0 for name in held.clusters])
    one, other = held.some(first, held.split), held.some(~first, held.split)
    return [(one, other), (other, one)]


def reliability(confidence: Floats, right: Floats) -> list[tuple[float, float, int]]:
    """By tenth of confidence 0.5 to 1 that has pairs: mean confidence, share of pairs in order, number of pairs."""
    bins = _bins(confidence)
    return [
        (float(confidence[bins == place].mean()), float(right[bins == place].mean()), int((bins == place).sum()))
        for place in range(_BINS)
        if (bins == place).any()
    ]


def calibration_errors(confidence: Floats, right: Floats, rows: NDArray[np.int64], resamples: Resamples) -> Floats:
    """Expected calibration error, the mean distance of confidence and share in order over those tenths, weighted by
    pairs, in each resample. Pairs by chance alone are never at no distance."""
    bins = _bins(confidence)
    cells = np.zeros((len(confidence), 2 * _BINS))
    cells[np.arange(len(bins)), bins] = confidence - right
    cells[np.arange(len(bins)), _BINS + bins] = 1
    totals = resamples.totals(rows, cells)
    counted: Floats = np.abs(totals[:, :_BINS]).sum(axis=1) / np.maximum(1, totals[:, _BINS:].sum(axis=1))
    return counted


def _bins(confidence: Floats) -> NDArray[np.int64]:
    return np.clip((2 * _BINS * (confidence - 0.5)).astype(np.int64), 0, _BINS - 1)
