"""The pedagogy score: one figure for how well a reply teaches a learner who has gone wrong.

It is a stated, versioned composite of columns that `evaluation/calibrate.py` calibrates:

    score = (0.3 + 0.7 × min(1, relevance / 0.2)) × max(0, Σ weight × verdict − 0.15 × hollow question)

- The weighted verdicts are a judge's: they say what teachers looked for in replies to a learner's mistake. "Gives the
  final answer away" counts the other way round.
- A question mark raises what a judge that learnt from good tutors thinks of a reply, whether or not it asks anything.
  The discount takes that back where a question is hollow: no question by its words, or about nothing that was said.
- A reply of whose content words fewer than a fifth stand in the conversation before it earns less, down to three tenths
  for one with none of them, however it sounds: that is what canned replies and replies to another learner have in
  common. Not nothing, because teachers do credit a bare "Not quite, try again"; with nothing, the score goes less well
  with theirs.

Where nobody has made a mistake the first two verdicts say little, and so does the score: it is meant for remediation,
and elsewhere it only compares models on the same cases. It is for English and, less well, for the other languages whose
function words are known; it does not see whether what a reply says is true.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from evaluation.judges.base import DIMENSIONS
from evaluation.metrics.base import DOES_NOT_APPLY, Column, Score
from evaluation.metrics.hollow import hollow_question
from evaluation.metrics.relevance import relevance

VERSION = 1

WEIGHTS = {
    "mistake_identification": 0.2,
    "mistake_location": 0.1,
    "providing_guidance": 0.25,
    "actionability": 0.25,
    "revealing_of_the_answer": 0.2,
}
"""What each verdict counts. Guidance and what to do next are what a learner is to get; of the two about the mistake,
which depend on each other, the one that new tutors' replies tell less surely counts least."""
HOLLOW_DISCOUNT = 0.15
"""What a hollow question costs: more than a bare question mark adds to the weighted verdicts of the trained judge."""
RELEVANT = 0.2
"""The share of relevant content words from which more of them earn no more."""
IRRELEVANT = 0.3
"""What is left of the score of a reply without any."""

PEDAGOGY = Column(
    name="pedagogy",
    label="pedagogy score",
    description=(
        f"Version {VERSION}: "
        + ", ".join(f"{weight:g} × {DIMENSIONS[name].label}" for name, weight in WEIGHTS.items())
        + f" (the last turned round), less {HOLLOW_DISCOUNT:g} for a hollow question; times less than 1, down to "
        f"{IRRELEVANT:g}, where under {RELEVANT:.0%} of its content words stand in what was said before."
    ),
)


def columns() -> list[str]:
    """The columns that it is made of, by name."""
    return [*WEIGHTS, hollow_question.name, relevance.name]


def missing(known: Container[str]) -> list[str]:
    """Those of its columns that are not `known`."""
    return [name for name in columns() if name not in known]


def pedagogy_score(found: Mapping[str, float]) -> Score:
    """The score, 0 to 1, of a reply with these columns; none where one that it is made of is missing."""
    if missing(found):
        return DOES_NOT_APPLY
    judged, discount = weighted(found), HOLLOW_DISCOUNT * found[hollow_question.name]
    factor = IRRELEVANT + (1 - IRRELEVANT) * min(1.0, found[relevance.name] / RELEVANT)
    why = f"verdicts {judged:.2f}"
    why += f", less {discount:.2f} for a hollow question" if discount else ""
    why += f", times {factor:.2f} for relevance" if factor < 1 else ""
    return Score(factor * max(0.0, judged - discount), why)


def weighted(verdicts: Mapping[str, float]) -> float:
    """The weighted verdicts alone, 0 to 1: what teachers' labels come to by the same weights."""
    return sum(
        weight * (1 - verdicts[name] if DIMENSIONS[name].better == "lower" else verdicts[name])
        for name, weight in WEIGHTS.items()
    )


def statement() -> dict[str, Any]:
    """What the score is, as plain data."""
    return {
        "version": VERSION,
        "weights": dict(WEIGHTS),
        "hollow_discount": HOLLOW_DISCOUNT,
        "relevant": RELEVANT,
        "irrelevant": IRRELEVANT,
        "description": PEDAGOGY.description,
    }
