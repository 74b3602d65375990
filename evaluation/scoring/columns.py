"""Every figure that a suite may ask for: metrics, the dimensions of judges, the pedagogy score, and a user's own."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.judges.base import JUDGED
from evaluation.metrics import METRICS
from evaluation.metrics.base import Column
from evaluation.scoring.pedagogy import PEDAGOGY
from evaluation.scoring.sameness import COLUMNS


def known_columns(own: Mapping[str, Column] | None = None) -> dict[str, Column]:
    """By name, as suites write them; `own` are those of `--metrics`."""
    together = {column.name: column for column in (*COLUMNS, PEDAGOGY)}
    return {**METRICS, **JUDGED, **together, **(own or {})}
