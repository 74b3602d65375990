"""Everything at once: a reply is only good if it is good in every respect that is known."""

from __future__ import annotations

from evaluation.cases import Case, Reply
from evaluation.metrics.base import metric
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.manner import in_role, uptake
from evaluation.metrics.recast import corrected_absent, corrected_present


@metric("good in every respect at once")
def good_reply(case: Case, reply: Reply) -> float | None:
    """In role, no explicit correction, the learner's words taken up, the corrected form given or kept back as due."""
    if case.truth is None:
        return None
    due = [measure(case, reply) for measure in (in_role, uptake, corrected_present, corrected_absent)]
    return float(all(value is None or value == 1 for value in due) and explicit_correction(case, reply) == 0)
