"""All figures of an evaluation as plain data: what `summary.json` and `report.json` hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evaluation.comparison.figures import Contestant, Coverage, Results
from evaluation.comparison.stats import Estimate
from evaluation.comparison.tables import GROUPS, in_dialogue, in_group
from evaluation.metrics.base import Column


def summarise(results: Results) -> dict[str, Any]:
    """Per contestant and column the whole, the groups, the dialogues, and the comparison with the baseline.

    Of replies that were made to win no groups and no dialogues.
    """
    corrected = results.corrected(results.candidates)
    return {
        contestant.name: {
            "members": list(contestant.members),
            "control": contestant.control,
            **({"kind": contestant.kind, "label": contestant.label} if contestant.kind else {}),
            "metrics": {
                column.name: _summary(results, contestant, column, corrected.get((contestant.name, column.name)))
                for column in results.columns
            },
        }
        for contestant in results.contestants
    }


def _summary(results: Results, contestant: Contestant, column: Column, corrected: float | None) -> dict[str, Any]:
    name = column.name
    whole = {
        "overall": _plain(results.estimate(contestant, name)),
        "coverage": _plain(results.coverage(contestant, name)),
    }
    comparison = None if contestant == results.baseline else results.compare(contestant, name)
    against = asdict(comparison) | {"p_corrected": corrected} if comparison else None
    if contestant.kind:
        return whole | {"against_baseline": against}
    by_group = {
        kind: {
            group: _plain(results.estimate(contestant, name, in_group(kind, group))) for group in results.groups(kind)
        }
        for kind in GROUPS
    }
    return {
        **whole,
        "groups": {
            kind: {group: found for group, found in groups.items() if found} for kind, groups in by_group.items()
        },
        "dialogue_turns": _plain(results.estimate(contestant, name, in_dialogue)),
        "whole_dialogues": _plain(results.dialogues(contestant, name)) if column.is_share else None,
        "against_baseline": against,
    }


def _plain(found: Estimate | Coverage | None) -> dict[str, Any] | None:
    return asdict(found) if found else None
