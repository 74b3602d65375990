"""What a judge is, and the dimensions it judges by: those of `espalier/text/ratings.py`.

They are MRBench's, and one of the moves that the teachers of MathDial chose, since guidance as MRBench has it is help
of any kind: telling is help too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from espalier.text.ratings import SCALES
from evaluation.cases.case import Messages
from evaluation.metrics.base import Column, Score

DEFAULT = "classifier"
"""Who judges where nobody is named: the judge that evaluation/judges/train.py makes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dimension(Column):
    """One question about a reply, with the verdicts that teachers could give."""

    values: dict[str, float]
    """Each verdict and what it is worth, 0 to 1, the least first."""
    apart: bool = False
    """Whether it is labelled in corpora of its own: a trained judge then learns it by itself."""


_READ = {
    "mistake_identification": ("sees the mistake", "Has the tutor seen that there is one?"),
    "mistake_location": ("says where it lies", "Does the tutor point at the place of it?"),
    "revealing_of_the_answer": ("gives the final answer away", "Does the tutor say the final answer, right or wrong?"),
    "providing_guidance": (
        "guides",
        "Does the tutor help with an explanation, a hint, an example or a question that leads on?",
    ),
    "guiding": ("guides rather than tells", "Does the tutor leave the thinking to the learner, or do a part of it?"),
    "actionability": ("says what to do next", "Is it clear what the learner should do next?"),
    "coherence": ("fits what was said before", "Does the reply follow from the conversation?"),
    "tutor_tone": ("is encouraging", "Is the tone encouraging, neutral or offensive?"),
    "humanlikeness": ("sounds like a person", "Does it sound natural, and not like a machine?"),
}
"""How reports call each column, and the question that it asks."""
_APART = ("guiding",)

DIMENSIONS: dict[str, Dimension] = {
    name: Dimension(
        name=name,
        label=label,
        description=description,
        values=SCALES[name].values,
        better=SCALES[name].better,
        apart=name in _APART,
    )
    for name, (label, description) in _READ.items()
}
"""By name, as suites write them."""

PREFERRED = Dimension(
    name="preferred",
    label="is preferred",
    description="How likely teachers would prefer the reply to a typical one, by a reward model.",
    values={"No": 0.0, "Yes": 1.0},
)
"""What a reward model says of a reply on the whole. No teacher gives it a verdict, so no rubric and no trained judge
has it, and the pedagogy score, which is made of stated verdicts, does without."""
JUDGED: dict[str, Dimension] = {**DIMENSIONS, PREFERRED.name: PREFERRED}
"""All columns that a judge may give."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A reply to be judged, with what it answers."""

    messages: Messages
    """The conversation up to the reply; the last role is user."""
    reply: str
    """The reply."""
    answer: str = ""
    """The solution that the learner is to find, where it is known."""
    criteria: str = ""
    """What a good reply does, in words, where the suite says it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict(Score):
    """What a judge thinks of a reply by one dimension: a score, or an abstention, with its reason."""

    votes: dict[str, float | None] = field(default_factory=dict)
    """Of a panel: each judge's value."""
    failed: bool = False
    """Whether it abstains because it could not be asked or understood: such a verdict is asked for again."""


class Judge(Protocol):
    """Something that judges replies."""

    @property
    def name(self) -> str:
        """How reports call it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Those whose verdicts these are: its own, or those of a panel's judges."""

    @property
    def identity(self) -> dict[str, Any]:
        """What it is, content hash included, as plain data: equal identities give equal verdicts."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions it judges by."""

    def judge(self, items: Sequence[Item]) -> list[dict[str, Verdict]]:
        """For each item a verdict by each of its dimensions. A failure is an abstention, never a value."""
