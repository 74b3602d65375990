"""The pictures: bars for models, and behind them bands for controls; no more bars than can be read.

What the rules get stands in the tables.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from espalier.report import COLOURS, Interval, interval_bars
from evaluation.backends.controls import PREFIX
from evaluation.comparison.figures import Contestant
from evaluation.comparison.tables import Scope, first_reply, in_group
from evaluation.report.material import Material

_NOTES = {"higher": "", "lower": " (fewer is better)", "neither": " (neither is better)"}
_MOST_BARS = 32
"""In one picture, over all models."""
_LEGEND = 90
"""Letters of a line that the picture is wide enough for."""


def measures(material: Material, path: Path) -> Path | None:
    """Every column that is a share, what decides first; None where there is none."""
    shares = [metric for metric in material.of_replies if metric.is_share]
    shares.sort(key=lambda metric: metric.name != material.headline.name)
    rows = {textwrap.fill(metric.label + _NOTES[metric.better], 34): (metric.name, first_reply) for metric in shares}
    return _draw(material, rows, path, f"Suite {material.suite.name}", "mean over replies, 95 % interval")


def mistakes(material: Material, path: Path) -> Path | None:
    """What decides for each kind of mistake; None where no kinds are known, or where it is no share."""
    metric = material.headline
    if not metric.is_share:
        return None
    rows = {group.replace("_", " "): (metric.name, in_group("error", group)) for group in material.groups("error")}
    label = metric.label[:1].upper() + metric.label[1:]
    return _draw(material, rows, path, label, "mean over replies, 95 % interval")


def _draw(material: Material, rows: dict[str, tuple[str, Scope]], path: Path, title: str, unit: str) -> Path | None:
    models, results = material.models[: len(COLOURS)], material.results
    known = {label: row for label, row in rows.items() if any(results.estimate(each, *row) for each in models)}
    shown = dict(list(known.items())[: max(1, _MOST_BARS // len(models))])
    if not shown:
        return None

    series = {each.name: [_interval(material, each, *row) for row in shown.values()] for each in models}
    bands = [_bands(material, *row) for row in shown.values()]
    names = ", ".join(_family(each) for each in material.strongest_controls)
    left_out = f" (the first {len(shown)} of {len(known)})" if len(shown) < len(known) else ""
    return interval_bars(
        list(shown), series, path, title=title + left_out, unit=unit, bands=bands if names else (),
        bands_are=textwrap.fill(f"replies made to win without teaching, 95 % intervals: {names}", _LEGEND),
    )  # fmt: skip


def _bands(material: Material, name: str, scope: Scope) -> list[tuple[str, Interval]]:
    """The strongest control of each kind, the one that does best by the column first."""
    sign = next(-1 if column.better == "lower" else 1 for column in material.metrics if column.name == name)
    found = [(_family(each), _interval(material, each, name, scope)) for each in material.strongest_controls]
    return sorted(((family, drawn) for family, drawn in found if drawn), key=lambda each: -sign * each[1][0])


def _interval(material: Material, who: Contestant, name: str, scope: Scope) -> Interval | None:
    found = material.results.estimate(who, name, scope)
    return (found.value, found.low, found.high) if found else None


def _family(control: Contestant) -> str:
    return control.name.removeprefix(PREFIX).replace("_", " ")
