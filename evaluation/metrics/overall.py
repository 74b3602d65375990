"""Everything at once: a reply is only good if it keeps every rule that is known."""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.manner import echo, in_role
from evaluation.metrics.recast import corrected_absent, corrected_present
from evaluation.metrics.uptake import uptake

_RULES = (in_role, uptake, corrected_present, corrected_absent, echo, explicit_correction)


@metric("keeps every rule of a good reply at once")
def good_reply(case: Case, reply: Reply) -> Score:
    """In role, the learner's words taken up, the mistake not; the form given or kept back as due, never to the face."""
    if case.truth is None or not (case.truth.corrected or case.truth.strategy):
        return DOES_NOT_APPLY
    scores = {metric: metric(case, reply) for metric in _RULES}
    broken = [
        f"{metric.name}: {score.why}" if score.why else metric.name
        for metric, score in scores.items()
        if score.value not in (None, metric.low if metric.better == "lower" else metric.high)
    ]
    return Score(float(not broken), "; ".join(broken))
