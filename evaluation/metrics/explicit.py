"""Does the reply correct the learner to the face? Scaffolding does not: it lets the learner find the form.

After Lyster and Ranta (1997): explicit correction says that something is wrong, or gives the form as the form to use,
and metalinguistic feedback names the rule; both count here where they are stated. A recast, a confirmation check that
has the right form in it ("You mean you went?"), a request for clarification, an elicitation ("What is the past of
go?") and a choice between two forms do not.
"""

from __future__ import annotations

import re

from data_mix.language.teaching import corrects_to_the_face
from evaluation.cases.case import Case, Reply, Truth
from evaluation.metrics.base import Score, found, metric
from evaluation.metrics.mentioned import speaks_of_form
from evaluation.metrics.words import STOP_WORDS, words

_MATTERS = frozenset(
    {
        "mistake", "mistakes", "error", "errors", "wrong", "incorrect", "fix", "fixed", "correct", "correction",
        "grammar", "errores", "fallo", "corrección", "faute", "fautes", "erreur", "erreurs", "fehler", "falsch",
    }
)  # fmt: skip
"""What a learner may tell of: where the learner did, a tutor who takes it up corrects nobody."""


@metric("corrects the learner to the face", better="lower")
def explicit_correction(case: Case, reply: Reply) -> Score:
    """The reply says that something is wrong, or how it should be said, in English, Spanish, French or German."""
    told = corrects_to_the_face(reply.text) or ""
    if _MATTERS & set(words(told)) & set(words(case.learner)) or (case.truth and _quotes_others(case.truth, told)):
        told = ""
    # A word of another language, and what it means beside it, is no mistake and its correction.
    knows_form = case.truth if case.truth and not case.truth.switched else None
    return found(told or (speaks_of_form(knows_form, reply.text) if knows_form else ""))


def _quotes_others(truth: Truth, told: str) -> bool:
    """Whether what is quoted there is several words of which the learner said none and was to say none."""
    quotes = [words(quote) for quote in re.findall('"([^"]*)"', told)]
    own = {*words(truth.learner), *words(truth.corrected)}
    own = (own - STOP_WORDS) | ({*words(truth.learner)} ^ {*words(truth.corrected)})
    return bool(quotes and truth.corrected) and all(len(quote) > 1 and own.isdisjoint(quote) for quote in quotes)
