"""The true score of a reply: 1 where it keeps every rule that is known of it, 0 where it breaks one.

What is known, of a prompt that a curriculum wrote:

    grammar        the whole reply is one that the curriculum's own tutor could have answered here: whole sentences,
                   about this learner's words and mistake, making the move that the system line asks for
    good_reply     in role and ended by itself, the learner's words taken up, the mistake not, the form given or kept
                   back as the move wants it, nobody corrected to the face
    as_asked       what the move does besides: explains a form, affirms what the learner brings, deals with a meaning

The first alone asks for more than any other: it cannot be won by words that please the others, nor by a good reply to
something else. The others are told by words, and object to one good reply in eighty. Where the grammar's tutor could
have said it and a rule of words objects, one of them errs, and nothing is told (NaN). Of cases that people wrote, their
`checks`, the right letter of a choice, and whether help was given, declined or pointed to (`as_due`) are known. Of
everything else nothing is: whether a tutor's reply to an open question is good no rule can tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from evaluation.cases.case import Case, Reply
from evaluation.metrics.asked import as_asked
from evaluation.metrics.base import Metric
from evaluation.metrics.choice import choice_correct
from evaluation.metrics.due import as_due
from evaluation.metrics.manner import checks, in_role
from evaluation.metrics.overall import good_reply

GRAMMAR = "grammar"
_OF_WORDS: tuple[Metric, ...] = (good_reply, as_asked)
_OF_CASES: tuple[Metric, ...] = (checks, choice_correct, as_due)
NAMES = (GRAMMAR, *(metric.name for metric in (*_OF_WORDS, *_OF_CASES, in_role)))
"""The rules, in the order in which `kept` tells of them."""


def score(case: Case, replies: Sequence[Reply]) -> list[float]:
    """The true score of each reply, 0 or 1; NaN where it cannot be told, as of a reply that failed."""
    return [total(found) for found in kept(case, replies)]


def kept(case: Case, replies: Sequence[Reply]) -> list[dict[str, float]]:
    """Of each reply, by rule, whether it keeps it (1 or 0); rules that do not apply are left out.

    A reply that failed has none. The same words are looked at once.
    """
    parses = _by_grammar(case, [reply.text for reply in replies])
    known: dict[tuple[str, str], dict[str, float]] = {}
    for reply in replies:
        key = reply.text, reply.finish
        if key not in known:
            known[key] = {} if reply.finish == "error" else _kept(case, reply, parses.get(reply.text))
    return [known[reply.text, reply.finish] for reply in replies]


def total(found: dict[str, float]) -> float:
    """What the rules come to together."""
    if not found.keys() - {in_role.name} or any(math.isnan(value) for value in found.values()):
        return math.nan
    if all(found.values()):
        return 1.0
    if found.get(GRAMMAR) and found[in_role.name]:
        return math.nan
    return 0.0


def _kept(case: Case, reply: Reply, parses: bool | None) -> dict[str, float]:
    found = {} if parses is None else {GRAMMAR: float(parses)}
    for metric in (*_OF_WORDS, *_OF_CASES, in_role):
        given = metric(case, reply)
        if given.value is not None:
            found[metric.name] = float(given.value == metric.high)
        elif given.why:
            found[metric.name] = math.nan  # it applies, and cannot tell
    return found


def _by_grammar(case: Case, texts: Sequence[str]) -> dict[str, bool]:
    """By text, whether the curriculum's tutor could have said it; nothing where no curriculum wrote the prompt, which
    its truth tells, and the reply that stood there."""
    if case.truth is None or not case.split or not case.reference:
        return {}
    from data_mix.curriculum import parse_replies  # reads the lexicon, which only its own prompts need

    texts = [*texts, case.reference]
    found = dict(zip(texts, parse_replies(case.messages, texts, case.truth.learner_kind or "any"), strict=True))
    return found if found[case.reference] else {}
