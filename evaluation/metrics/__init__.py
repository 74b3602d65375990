"""The metrics by name. To add one, write a function of (case, reply) under `@metric` and list it here."""

from __future__ import annotations

from evaluation.metrics.base import Metric
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.grammar import parses
from evaluation.metrics.manner import asks, checks, echo, in_role, uptake
from evaluation.metrics.overall import good_reply
from evaluation.metrics.recast import corrected_absent, corrected_present, fix_present

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        corrected_present,
        corrected_absent,
        fix_present,
        good_reply,
        uptake,
        echo,
        asks,
        explicit_correction,
        parses,
        in_role,
        checks,
    )
}
