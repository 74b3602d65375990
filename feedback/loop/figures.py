"""Figures of sampled replies, prompt by prompt: what they have in common is that a prompt counts once.

Tables are (prompts, n), a value for each reply, not a number where there is none.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from math import comb, log
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.stats import mean as mean_of

if TYPE_CHECKING:
    from feedback.samples import Sampled

Floats = NDArray[np.float64]
_ANY = (-np.inf, np.inf)


def table(values: Sequence[Sequence[float]]) -> Floats:
    """The table of a list for each prompt, which may be of different lengths."""
    width = max(map(len, values), default=0)
    return np.array([[*row, *[np.nan] * (width - len(row))] for row in values], dtype=np.float64)


def by_prompt(values: Floats) -> Floats:
    """(prompts,): the mean over the replies to each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a prompt without any has none
        found: Floats = np.nanmean(values, axis=1)
    return found


def clusters_of(samples: Sequence[Sampled]) -> NDArray[np.int64]:
    """(prompts,): equal numbers for prompts that are not independent of each other."""
    names = [each.case.cluster or each.id for each in samples]
    found: NDArray[np.int64] = np.unique(names, return_inverse=True)[1]
    return found


def estimate(values: Floats, clusters: NDArray[np.int64], bounds: tuple[float, float] = _ANY) -> dict[str, Any] | None:
    """The mean over prompts with its 95 % interval, as plain data; None where no prompt has a value."""
    found = mean_of(values, clusters, bounds)
    if found is None:
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "prompts": found.num_cases}


def ranked_right(rewards: Floats, truth: Floats) -> Floats:
    """(prompts,): of all pairs of replies to a prompt of which one is truly better, the share that the rewards put in
    this order, ties half; not a number where no reply is better than another."""
    found = np.full(len(truth), np.nan)
    for place, (valued, true) in enumerate(zip(rewards, truth, strict=True)):
        ahead = valued[:, None] - valued[None, :]
        better = (true[:, None] > true[None, :]) & np.isfinite(ahead)
        if better.any():
            found[place] = ((1 + np.sign(ahead)) / 2)[better].mean()
    return found


def best_of(rewards: Floats, truth: Floats, count: int) -> tuple[Floats, Floats]:
    """(prompts,) each: true score and reward that the best by reward of `count` replies is expected to have.

    Over all choices of `count` among those that are there (Stiennon et al. 2020, arXiv:2009.01325, appendix G.1), which
    has less variance than drawing them. Not a number where there are fewer.
    """
    true, proxy = np.full(len(truth), np.nan), np.full(len(truth), np.nan)
    for place, (valued, scored) in enumerate(zip(rewards, truth, strict=True)):
        there = np.flatnonzero(np.isfinite(valued) & np.isfinite(scored))
        if len(there) < count:
            continue
        order = there[np.argsort(valued[there], kind="stable")]
        chance = np.array([comb(below, count - 1) / comb(len(there), count) for below in range(len(there))])
        true[place], proxy[place] = chance @ scored[order], chance @ valued[order]
    return true, proxy


def divergence_of_best(count: int) -> float:
    """Nats between the best of `count` replies and a single one: at most log n − (n − 1) / n."""
    return log(count) - (count - 1) / count


def figure(facts: Mapping[str, Any], name: str, end: str = "value") -> float:
    """A figure of an examination, or an end of its interval; not a number where it is not known."""
    found = facts.get(name)
    return float("nan") if not found or found[end] is None else float(found[end])
