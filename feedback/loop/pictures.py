"""Goodhart's picture: what is true beside what is rewarded, as more is optimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from espalier.report import COLOURS, GREY, canvas, save_picture
from feedback.loop.figures import figure


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One strength of optimisation."""

    kl: float
    """Nats per reply from the first weights."""
    true: float
    """The true score, not a number where it is not known."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end."""
    proxy: float
    """The reward, in standard deviations of the first weights' replies."""


def of_policies(exams: Sequence[Mapping[str, Any]], *, ordered: bool = True) -> list[Point]:
    """A point for each examined policy, the nearest to the first weights first, and those themselves before."""
    if not exams:
        return []
    before = {"kl": {"value": 0.0}, "true": exams[0]["true_before"], "proxy": {"value": 0.0}}
    points = [_point(each) for each in (before, *exams)]
    return sorted(points, key=lambda point: point.kl) if ordered else points


def of_best(exam: Mapping[str, Any]) -> list[Point]:
    """A point for the best by reward of 1, 2, 4, … replies of the first weights."""
    return [_point({**each, "kl": {"value": each["kl"]}}) for each in exam["best_of"]]


def mean_of(lines: Sequence[Sequence[Point]]) -> list[Point]:
    """Several lines of as many points each, such as those of several seeds, as their mean."""
    names = Point.__dataclass_fields__
    return [
        Point(**{name: float(np.mean([getattr(each, name) for each in points])) for name in names})
        for points in zip(*lines, strict=True)
    ]


def goodhart(lines: Mapping[str, Sequence[Point]], path: Path, *, title: str, xlabel: str) -> Path:
    """Draws the true score (whole lines, left) and the reward (broken, right) over nats into the PNG `path`.

    `lines` has by name the points of a reward model or a way to keep it, at most as many as there are colours.
    """
    figure_, axes = canvas(7.2, 4.2, title)
    right = axes.twinx()
    right.spines[["top"]].set_visible(False)
    for colour, (name, points) in zip(COLOURS, lines.items(), strict=False):
        kl = [point.kl for point in points]
        low, high = np.array([[point.low, point.high] for point in points]).T if points else ([], [])
        axes.fill_between(kl, low, high, color=colour, alpha=0.13, lw=0)
        axes.plot(kl, [point.true for point in points], color=colour, lw=1.8, marker="o", ms=3.5, label=name)
        right.plot(kl, [point.proxy for point in points], color=colour, lw=1.2, ls="--", alpha=0.8)
    axes.plot([], [], color=GREY, lw=1.2, ls="--", label="its reward (right)")
    axes.set_xlabel(xlabel)
    axes.set_ylabel("true score")
    right.set_ylabel("reward, standard deviations")
    figure_.legend(loc="outside lower center", ncols=min(3, len(lines) + 1), frameon=False, fontsize=9)
    return save_picture(figure_, path)


def _point(facts: Mapping[str, Any]) -> Point:
    true = figure(facts, "true")
    low, high = (figure(facts, "true", end) if np.isfinite(true) else np.nan for end in ("low", "high"))
    return Point(kl=figure(facts, "kl"), true=true, low=low, high=high, proxy=figure(facts, "proxy"))
