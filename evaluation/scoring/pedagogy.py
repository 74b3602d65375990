"""The pedagogy score: one figure for how well a reply teaches a learner who has gone wrong.

It is a stated, versioned composite of columns. It asks, in this order, and each answer multiplies what is left:

1. Is it language? Words that follow from each other, and not words in a heap.
2. Is it about this? Not lifted whole from what was said, not the dialogue's words strung together, not of something
   else, and not what the same model says to everyone.
3. Is it true? Numbers, sums and operations by computing, agreement with a wrong answer, the wrong step hinted at.
4. Does it teach? A judge's verdicts, weighted: what teachers looked for in replies to a learner's mistake, and whether
   it leaves the thinking to the learner; less where the answer stands in it, or where it only seems to ask.

The first three cost nothing where nearly all replies of real tutors lie, and nearly everything where none does, so that
among real replies the verdicts decide. A check that cannot be made, of a language whose words are not known or of a
reply without numbers, costs nothing.

Where nobody has made a mistake the first two verdicts say little, and so does the score: it is meant for remediation,
and elsewhere it only compares models on the same cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from espalier.text.ratings import WEIGHTS, missing, weighted
from evaluation.judges.base import DIMENSIONS
from evaluation.metrics.answer import answer_revealed
from evaluation.metrics.base import DOES_NOT_APPLY, Column, Score
from evaluation.metrics.borrowed import copied, lifted, strung_together
from evaluation.metrics.hollow import hollow_question
from evaluation.metrics.relevance import off_topic
from evaluation.metrics.truth import true
from evaluation.metrics.wording import plausible
from evaluation.scoring.sameness import FILLED, SAMENESS

VERSION = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One column that can only cost."""

    question: str
    """Which question it helps to answer. Of several to one question the worst counts."""
    column: Column
    """What is looked at."""
    harmless: float
    """Its value up to which it costs nothing."""
    hopeless: float
    """Its value from which `left` is left, and in between in proportion."""
    left: float = 0.1
    """The least that it leaves, a share."""

    def factor(self, value: float) -> float:
        """What is left, `left` to 1."""
        way = (value - self.harmless) / (self.hopeless - self.harmless)
        return 1 - (1 - self.left) * min(1.0, max(0.0, way))


CHECKS = (
    Check(question="language", column=plausible, harmless=0.9, hopeless=0.0),
    Check(question="about this", column=copied, harmless=0.85, hopeless=1.0),
    Check(question="about this", column=lifted, harmless=0.6, hopeless=0.9),
    Check(question="about this", column=strung_together, harmless=0.15, hopeless=0.3),
    Check(question="about this", column=off_topic, harmless=0.0, hopeless=1.0, left=0.2),
    Check(question="about this", column=SAMENESS, harmless=0.4, hopeless=0.8),
    Check(question="about this", column=FILLED, harmless=0.6, hopeless=0.9),
    Check(question="true", column=true, harmless=1.0, hopeless=0.0, left=0.0),
    Check(question="guiding", column=answer_revealed, harmless=0.0, hopeless=1.0, left=0.65),
    Check(question="guiding", column=hollow_question, harmless=0.0, hopeless=1.0, left=0.8),
)

PEDAGOGY = Column(
    name="pedagogy",
    label="pedagogy score",
    description=(
        f"Version {VERSION}: "
        + ", ".join(f"{weight:g} × {DIMENSIONS[name].label}" for name, weight in WEIGHTS.items())
        + " (the last turned round; where guiding is not taught, the others make up the whole); times what is left "
        "where a reply is no language, not about this, not true or no guiding: "
        + "; ".join(check.column.label for check in CHECKS)
        + "."
    ),
)


def columns() -> list[str]:
    """The columns that it is made of, by name."""
    return [*WEIGHTS, *(check.column.name for check in CHECKS)]


def pedagogy_score(found: Mapping[str, float]) -> Score:
    """The score, 0 to 1, of a reply with these columns; none where a verdict is missing. Other columns may be."""
    if missing(found):
        return DOES_NOT_APPLY
    judged = weighted(found)
    worst: dict[str, tuple[float, Check]] = {}
    for check in CHECKS:
        if check.column.name in found:
            left = check.factor(found[check.column.name])
            if left < worst.get(check.question, (1.0, check))[0]:
                worst[check.question] = left, check
    score, why = judged, f"verdicts {judged:.2f}"
    for question, (left, check) in worst.items():
        score *= left
        why += f", × {left:.2f}, is it {question}? {check.column.name} {found[check.column.name]:.2f}"
    return Score(score, why)


def statement() -> dict[str, Any]:
    """What the score is, as plain data."""
    return {
        "version": VERSION,
        "weights": dict(WEIGHTS),
        "checks": [{**asdict(check), "column": check.column.name} for check in CHECKS],
        "description": PEDAGOGY.description,
    }
