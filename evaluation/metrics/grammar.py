"""Is the reply one that the curriculum's own grammar could have written?"""

from __future__ import annotations

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric


@metric("is well-formed: parses under the curriculum's grammar", restraint=True)
def parses(case: Case, reply: Reply) -> Score:
    """The whole reply parses under the grammar that wrote the curriculum; only for the first reply to its cases."""
    # Only cases from a mix stand in a split. Later replies follow the model's own earlier ones: one that does not parse
    # would spoil all that come after it.
    grammars = case.truth is not None and bool(case.truth.strategy) and bool(case.split)
    if not grammars or any(message["role"] == "assistant" for message in case.messages):
        return DOES_NOT_APPLY
    from data_mix.curriculum import parses_reply  # reads the lexicon, which only suites from the grammar need

    assert case.truth is not None
    return Score(float(parses_reply(case.messages, reply.text, case.truth.learner_kind or "any")))
