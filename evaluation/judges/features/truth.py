"""What in a reply is true, as numbers for the trained judge."""

from __future__ import annotations

from evaluation.cases.case import Messages
from evaluation.truth.checked import check

_MANY = 4


def truth(messages: Messages, reply: str, answer: str) -> dict[str, float]:
    """By name, a number for each finding; the names are always the same."""
    found = check(messages, reply, answer)
    numbers = found.given + found.derived + found.framed + found.foreign + found.misplaced
    return {
        "true": found.true,
        "true_numbers_given": float(min(_MANY, found.given)),
        "true_numbers_derived": float(min(_MANY, found.derived)),
        "true_numbers_framed": float(min(_MANY, found.framed)),
        "true_numbers_foreign": float(min(_MANY, found.foreign)),
        "true_numbers_misplaced": float(min(_MANY, found.misplaced)),
        "true_foreign_share": found.foreign / max(1, numbers),
        "true_foreign_stated": float(found.is_stated and found.foreign > 0),
        "true_claims": float(min(_MANY, found.true_claims)),
        "false_claims": float(min(_MANY, found.false_claims)),
        "wrong_operations": float(min(_MANY, found.wrong_operations)),
        "learner_right": float(found.learner_right is True),
        "learner_wrong": float(found.learner_right is False),
        "confirms": float(found.confirms),
        "denies": float(found.denies),
        "confirms_wrong": float(found.agrees is True),
        "denies_right": float(found.denies_right),
        "doubts_right_step": float(found.doubts_right_step),
    }
