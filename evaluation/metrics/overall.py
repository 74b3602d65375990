"""Everything at once: a reply is only good if it keeps every rule that is known."""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import metric
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.manner import echo, in_role
from evaluation.metrics.recast import corrected_absent, corrected_present
from evaluation.metrics.uptake import uptake


@metric("keeps every rule of a good reply at once")
def good_reply(case: Case, reply: Reply) -> float | None:
    """In role, the learner's words taken up, the mistake not; the form given or kept back as due, never to the face."""
    if case.truth is None or not (case.truth.corrected or case.truth.strategy):
        return None
    due = [measure(case, reply) for measure in (in_role, uptake, corrected_present, corrected_absent)]
    avoided = [measure(case, reply) for measure in (echo, explicit_correction)]
    return float(all(value in (None, 1) for value in due) and all(value in (None, 0) for value in avoided))
