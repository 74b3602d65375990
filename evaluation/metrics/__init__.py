"""The metrics by name: what the files here define under `@metric` or `@dialogue_metric`. There is no list of them."""

from __future__ import annotations

from espalier.discover import discover
from evaluation.metrics.base import DialogueMetric, Metric

METRICS: dict[str, Metric | DialogueMetric] = discover(
    "evaluation.metrics",
    lambda value: isinstance(value, Metric | DialogueMetric),
    home=lambda metric: metric.measure,
    name=lambda metric: metric.name,
)
