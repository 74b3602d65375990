"""The pictures: models only, since what the rules get stands in the tables, and no more bars than can be read."""

from __future__ import annotations

import textwrap
from pathlib import Path

from espalier.report import COLOURS, interval_bars
from evaluation.comparison.stats import Estimate
from evaluation.comparison.tables import Scope, first_reply, in_group
from evaluation.report.material import Material

_NOTES = {"higher": "", "lower": " (fewer is better)", "neither": " (neither is better)"}
_MOST_BARS = 32
"""In one picture, over all models."""


def measures(material: Material, path: Path) -> Path | None:
    """Every column that is a share, what decides first; None where there is none."""
    shares = [metric for metric in material.of_replies if metric.is_share]
    shares.sort(key=lambda metric: metric.name != material.headline.name)
    rows = {
        textwrap.fill(metric.label + _NOTES[metric.better], 34): _series(material, metric.name) for metric in shares
    }
    return _draw(material, rows, path, f"Suite {material.suite.name}", "mean over replies, 95 % interval")


def mistakes(material: Material, path: Path) -> Path | None:
    """What decides for each kind of mistake; None where no kinds are known, or where it is no share."""
    metric = material.headline
    if not metric.is_share:
        return None
    rows = {
        group.replace("_", " "): _series(material, metric.name, in_group("error", group))
        for group in material.groups("error")
    }
    label = metric.label[:1].upper() + metric.label[1:]
    return _draw(material, rows, path, label, "mean over replies, 95 % interval")


def _draw(material: Material, rows: dict[str, list[Estimate | None]], path: Path, title: str, unit: str) -> Path | None:
    models = material.models[: len(COLOURS)]
    known = {label: found for label, found in rows.items() if any(found)}
    shown = list(known.items())[: max(1, _MOST_BARS // len(models))]
    if not shown:
        return None
    series = {
        each.name: [(e.value, e.low, e.high) if e else None for e in (found[place] for _, found in shown)]
        for place, each in enumerate(models)
    }
    left_out = f" (the first {len(shown)} of {len(known)})" if len(shown) < len(known) else ""
    return interval_bars([label for label, _ in shown], series, path, title=title + left_out, unit=unit)


def _series(material: Material, metric: str, scope: Scope = first_reply) -> list[Estimate | None]:
    return [material.results.estimate(each, metric, scope) for each in material.models]
