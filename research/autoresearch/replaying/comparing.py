"""What a replay came to: paired differences over seeds, on the validation file and on the second one.

Three figures of one gain are told apart. What the loop recorded was picked, so that luck is in it; what fresh seeds
give on the same file is without that luck, but not without what was fitted to the file; what they give on the second
file, which no experiment ever met, is the honest gain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from evaluation.comparison.over_seeds import interval

FILES = ("val", "second")
METRIC = "val_bpb"
HOLDS, OPEN, REVERSED = "holds", "not told apart", "reversed"
Facts = Mapping[str, Any]
"""A training: its commit, its seed, what each file gave, and why where it gave nothing."""


def conclude(commits: Sequence[str], runs: Sequence[Facts], *, beside: Sequence[str] = ()) -> dict[str, Any]:
    """What runs of commits, in the frontier's order, came to; differences below 0 are better.

    `beside` are other figures of the evaluation, of which more is better. A seed counts where both sides have a figure.
    `alike` are commits that came to the same with every seed: one run, however often it was made.
    """
    found = {(run["commit"], run["seed"]): run for run in runs}
    seeds = sorted({run["seed"] for run in runs})
    steps = [
        {"commit": after, "before": before, **_between(found, seeds, before, after)}
        for before, after in pairwise(commits)
    ]
    ends = _between(found, seeds, commits[0], commits[-1]) if len(commits) > 1 else None
    also = {
        name: {file: difference(found, seeds, commits[0], commits[-1], file, name) for file in FILES}
        for name in beside
        if len(commits) > 1
    }
    figures = _figures(found, seeds, commits)
    alike = [commit for commit, of in figures.items() if len(seeds) > 1 and len(set(of["val"])) == 1 and of["val"][0]]
    return {"steps": steps, "gain": ends, "beside": also, "figures": figures, "alike": alike}


def difference(
    found: Mapping[tuple[str, int], Facts], seeds: Sequence[int], before: str, after: str, file: str, name: str = METRIC
) -> dict[str, Any] | None:
    """A figure after less the same before, paired by seed, with its 95 % interval, and the same as a share of what it
    was; None where no seed has both."""
    pairs = {
        seed: (one, other)
        for seed in seeds
        if (one := figure(found.get((before, seed)), file, name)) is not None
        and (other := figure(found.get((after, seed)), file, name)) is not None
    }
    if not pairs:
        return None
    then, now = (np.array(side) for side in zip(*pairs.values(), strict=True))
    told: dict[str, Any] = {"before": float(then.mean()), "after": float(now.mean()), **_mean(now - then)}
    told["by_seed"] = {str(seed): other - one for seed, (one, other) in pairs.items()}
    told["relative"] = _mean(now / then - 1) if (then > 0).all() else None
    return told


def figure(run: Facts | None, file: str, name: str = METRIC) -> float | None:
    """What a run gave on a file; None where it gave nothing."""
    told = run.get(file) if run else None
    value = told.get(name) if told else None
    return None if value is None else float(value)


def verdict(told: Facts | None) -> str | None:
    """Whether a kept change holds; None where no seed tells."""
    if told is None:
        return None
    if told["value"] >= 0:
        return REVERSED
    return HOLDS if told["high"] is not None and told["high"] < 0 else OPEN


def count(replayed: Facts, file: str, what: str) -> int:
    """How many of the frontier's steps came out so on a file."""
    return sum(each["verdicts"][file] == what for each in replayed["steps"])


def _between(found: Mapping[tuple[str, int], Facts], seeds: Sequence[int], before: str, after: str) -> dict[str, Any]:
    told = {file: difference(found, seeds, before, after, file) for file in FILES}
    return {**told, "verdicts": {file: verdict(each) for file, each in told.items()}}


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    low, high, p = interval(values)
    return {"value": float(values.mean()), "low": _end(low), "high": _end(high), "p": p}


def _end(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _figures(
    found: Mapping[tuple[str, int], Facts], seeds: Sequence[int], commits: Sequence[str]
) -> dict[str, dict[str, list[float | None]]]:
    """By commit and file, the figure of each seed in order."""
    return {
        commit: {file: [figure(found.get((commit, seed)), file) for seed in seeds] for file in FILES}
        for commit in commits
    }
