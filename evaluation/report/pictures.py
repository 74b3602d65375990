"""The pictures: models only, since what the rules get stands in the tables."""

from __future__ import annotations

import textwrap
from pathlib import Path

from espalier.report import interval_bars
from evaluation.figures import Where, in_group
from evaluation.report.material import Material
from evaluation.stats import Estimate

_NOTES = {"higher": "", "lower": " (fewer is better)", "neither": " (neither is better)"}


def measures(material: Material, path: Path) -> Path | None:
    """Every measure that is a share and applies to first replies; None where there is none."""
    rows = {
        textwrap.fill(metric.label + _NOTES[metric.better], 34): _series(material, metric.name)
        for metric in material.metrics
        if (metric.low, metric.high) == (0, 1)
    }
    return _draw(material, rows, path, f"Suite {material.suite.name}", "share of replies, 95 % interval")


def mistakes(material: Material, path: Path) -> Path | None:
    """The deciding measure for each kind of mistake; None where no kinds are known."""
    metric = material.headline
    rows = {
        group.replace("_", " "): _series(material, metric.name, in_group("error", group))
        for group in material.groups("error")
    }
    label = metric.label[:1].upper() + metric.label[1:]
    return _draw(material, rows, path, label, "share of replies, 95 % interval")


def _draw(material: Material, rows: dict[str, list[Estimate | None]], path: Path, title: str, unit: str) -> Path | None:
    known = {label: found for label, found in rows.items() if any(found)}
    if not known:
        return None
    series = {
        each.name: [(e.value, e.low, e.high) if e else None for e in (found[place] for found in known.values())]
        for place, each in enumerate(material.models)
    }
    return interval_bars(list(known), series, path, title=title, unit=unit)


def _series(material: Material, metric: str, *where: Where) -> list[Estimate | None]:
    return [material.results.estimate(each, metric, *where) for each in material.models]
