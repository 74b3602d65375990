"""What a model finds likely: which of two sentences, and how many bits a text costs it."""

from __future__ import annotations

import math

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric


@metric("finds the good sentence likelier")
def prefers_good(case: Case, reply: Reply) -> Score:
    """The good sentence of a minimal pair has the higher log-likelihood as a whole; a tie counts half."""
    # Not by length, as in BLiMP (Warstadt et al. 2020, arXiv:1912.00582).
    if len(case.texts) != 2 or len(reply.log_likelihoods) != 2 or any(map(math.isnan, reply.log_likelihoods)):
        return DOES_NOT_APPLY
    good, bad = reply.log_likelihoods
    return Score(0.5 if good == bad else float(good > bad))


@metric("bits per byte", high=math.inf, better="lower")
def bits_per_byte(case: Case, reply: Reply) -> Score:
    """Bits that the text costs under the model, by its bytes in UTF-8; comparable across tokenizers."""
    if len(case.texts) != 1 or len(reply.log_likelihoods) != 1 or math.isnan(reply.log_likelihoods[0]):
        return DOES_NOT_APPLY
    size = len(case.texts[0].encode("utf-8", "replace"))
    return Score(max(0.0, -reply.log_likelihoods[0]) / math.log(2) / size) if size else DOES_NOT_APPLY
