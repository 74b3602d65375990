"""Does a reply make the move that was asked of it, whole: what the move does to the form, and what it does besides?"""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric
from evaluation.metrics.identity import affirms_identity, explicit_grammar
from evaluation.metrics.manner import in_role
from evaluation.metrics.recast import corrected_absent, corrected_present
from evaluation.metrics.switching import switch_taken_up

_BESIDES = {"explain": explicit_grammar, "affirm": affirms_identity, "mean": switch_taken_up}
"""What a move asks besides, and who sees to it."""


@metric("makes the move that was asked, whole")
def as_asked(case: Case, reply: Reply) -> Score:
    """The form given or kept back as is due, and, where asked, explained, accepted, or a meaning dealt with: in full.

    Each of them, or the move was not made. For cases that name move and form.
    """
    truth = case.truth
    if truth is None or not truth.strategy or not truth.corrected or (truth.rule == "may" and not truth.asked):
        return DOES_NOT_APPLY
    if truth.asked and truth.asked not in _BESIDES:
        return Score(None, f"nobody sees whether a reply does {truth.asked}")
    rules = [in_role, corrected_present, corrected_absent, *([_BESIDES[truth.asked]] if truth.asked else [])]
    scores = {each: each(case, reply) for each in rules}
    broken = [
        f"{each.name}: {score.why}" if score.why else each.name
        for each, score in scores.items()
        if score.value is not None and score.value < each.high
    ]
    return Score(float(not broken), "; ".join(broken))
