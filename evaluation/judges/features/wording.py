"""Whether a reply is worded as language is: how likely its order is, its function words, what it says again."""

from __future__ import annotations

from evaluation.fluency.evidence import NOTHING
from evaluation.fluency.verdict import fluency
from evaluation.judges.features.reading import Text


def wording(reply: Text) -> dict[str, float]:
    """By name, a number for each kind of evidence; where nothing can be told, what is usual. The names never change."""
    found = fluency(reply.plain)
    evidence = found.evidence or NOTHING
    return {
        "plausible": found.plausible,
        "can_be_told": float(found.evidence is not None),
        "likelihood": evidence.likelihood,
        "gain": evidence.gain,
        "worst_6": evidence.worst_6,
        "worst_10": evidence.worst_10,
        "worst_16": evidence.worst_16,
        "order": evidence.order,
        "function_words": evidence.functions,
        "run_without": -evidence.run,
        "says_again": 1 - evidence.fresh,
    }
