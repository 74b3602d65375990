"""All figures of an evaluation as plain data: what `summary.json` and `report.json` hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from evaluation.comparison.figures import Contestant, Coverage, Results
from evaluation.comparison.stats import Estimate
from evaluation.comparison.tables import GROUPS, in_dialogue, in_group
from evaluation.metrics.base import Column


def summarise(results: Results, strongest: Collection[Contestant] = ()) -> dict[str, Any]:
    """Per contestant and column the whole, the groups, the dialogues, and the comparison with the baseline.

    Of replies made to win no groups and no dialogues, and only the `strongest` are compared with the baseline.
    """
    corrected = results.corrected(results.candidates)
    return {
        contestant.name: {
            "members": list(contestant.members),
            "control": contestant.control,
            **({"kind": contestant.kind, "label": contestant.label} if contestant.kind else {}),
            "metrics": {
                column.name: _summary(results, contestant, column, corrected.get((contestant.name, column.name)))
                if not contestant.kind
                else _of_control(results, contestant, column, contestant in strongest)
                for column in results.columns
            },
        }
        for contestant in results.contestants
    }


def _summary(results: Results, contestant: Contestant, column: Column, corrected: float | None) -> dict[str, Any]:
    name = column.name
    by_group = {
        kind: {
            group: _plain(results.estimate(contestant, name, in_group(kind, group))) for group in results.groups(kind)
        }
        for kind in GROUPS
    }
    comparison = None if contestant == results.baseline else results.compare(contestant, name)
    return {
        **_whole(results, contestant, column),
        "groups": {
            kind: {group: found for group, found in groups.items() if found} for kind, groups in by_group.items()
        },
        "dialogue_turns": _plain(results.estimate(contestant, name, in_dialogue)),
        "whole_dialogues": _plain(results.dialogues(contestant, name)) if column.is_share else None,
        "against_baseline": asdict(comparison) | {"p_corrected": corrected} if comparison else None,
    }


def _of_control(results: Results, contestant: Contestant, column: Column, compared: bool) -> dict[str, Any]:
    comparison = results.compare(contestant, column.name) if compared else None
    return _whole(results, contestant, column) | {"against_baseline": asdict(comparison) if comparison else None}


def _whole(results: Results, contestant: Contestant, column: Column) -> dict[str, Any]:
    return {
        "overall": _plain(results.estimate(contestant, column.name)),
        "coverage": _plain(results.coverage(contestant, column.name)),
    }


def _plain(found: Estimate | Coverage | None) -> dict[str, Any] | None:
    return asdict(found) if found else None
