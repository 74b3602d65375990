"""The figures that the page draws, as plain data, each with the words that the Markdown report has for it."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import fields
from typing import Any

from espalier.report import COLOURS, GREY
from evaluation.comparison.figures import leader
from evaluation.comparison.formats import between, chance, gap, number, shown
from evaluation.comparison.paired import Comparison
from evaluation.comparison.stats import Estimate
from evaluation.judges.base import Dimension
from evaluation.metrics.base import Column


def figures_data(
    summary: Mapping[str, Any],
    columns: Sequence[Column],
    models: Sequence[str],
    cautions: Mapping[str, str],
    withheld: Container[str] = (),
) -> dict[str, Any]:
    """Columns, and contestants with their figures by column; nobody leads by a column whose verdict is `withheld`.

    `summary` is what `evaluation.comparison.summary.summarise` gave: what is missing there is missing on the page.
    """
    return {
        "columns": [_column(column, cautions.get(column.name, "")) for column in columns],
        "contestants": [_contestant(name, found, columns, models, withheld) for name, found in summary.items()],
        "colours": list(COLOURS),
        "grey": GREY,
    }


def finite(value: float | None) -> float | None:
    """`value` short enough for a page of thousands; None where it is no finite number."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(value, 5)
    return int(rounded) if rounded == int(rounded) else rounded


def _column(column: Column, caution: str) -> dict[str, Any]:
    return {
        "name": column.name,
        "label": column.label,
        "description": column.description,
        "better": column.better,
        "share": column.is_share,
        "judged": isinstance(column, Dimension),
        "caution": caution,
    }


def _contestant(
    name: str,
    found: Mapping[str, Any],
    columns: Sequence[Column],
    models: Sequence[str],
    withheld: Container[str],
) -> dict[str, Any]:
    by_column = found.get("metrics", {})
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    for column in columns:
        for kind, estimates in by_column.get(column.name, {}).get("groups", {}).items():
            for group, estimate in estimates.items():
                groups.setdefault(kind, {}).setdefault(group, {})[column.name] = _estimate(column, estimate)
    members = found.get("members", [name])
    return {
        "name": name,
        "members": members,
        "control": found.get("control", False),
        "kind": found.get("kind", ""),
        "label": found.get("label", ""),
        "baseline": bool(models) and models[0] in members,
        "figures": {
            column.name: _figures(column, by_column[column.name], withheld)
            for column in columns
            if column.name in by_column
        },
        "groups": {kind: by_name for kind, by_name in groups.items() if by_name},
    }


def _figures(column: Column, found: Mapping[str, Any], withheld: Container[str]) -> dict[str, Any]:
    difference = _difference(column, found.get("against_baseline"))
    if difference and column.name in withheld:
        difference["leads"] = 0
    return {"overall": _estimate(column, found.get("overall")), "difference": difference}


def _estimate(column: Column, found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not found:
        return None
    estimate = Estimate(**found)
    text, _, interval = str(shown(column, estimate)).partition(" (")
    return _ends(estimate) | {"text": text, "interval": interval.removesuffix(")")}


def _difference(column: Column, found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A paired comparison; `leads` says who is better beyond chance: 1 the candidate, -1 the baseline, 0 nobody."""
    if not found:
        return None
    estimate = Estimate(**found["difference"])
    told: dict[str, Any] = {each.name: found.get(each.name) for each in fields(Comparison)}
    comparison = Comparison(**told | {"difference": estimate})
    corrected = found.get("p_corrected")
    return _ends(estimate) | {
        "text": gap(column, estimate.value),
        "interval": between(column, estimate),
        "higher": comparison.higher,
        "same": comparison.same,
        "lower": comparison.lower,
        "chance": None if corrected is None else chance(corrected),
        "effect": None if comparison.effect_size is None else number(comparison.effect_size, 2, sign="+"),
        "leads": 0 if corrected is None else leader(column, comparison, corrected),
    }


def _ends(estimate: Estimate) -> dict[str, Any]:
    return {
        "at": finite(estimate.value),
        "low": finite(estimate.low),
        "high": finite(estimate.high),
        "cases": estimate.num_cases,
        "clusters": estimate.num_clusters,
    }
