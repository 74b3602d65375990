"""What a judge is, and the dimensions it judges by.

They are those of MRBench (Maurya et al. 2025, arXiv:2412.09416), and one of the moves that the teachers of MathDial
(Macina et al. 2023, arXiv:2305.14536) chose, since guidance as MRBench has it is help of any kind: telling is help too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evaluation.cases.case import Messages
from evaluation.metrics.base import Better, Column, Score

DEFAULT = "classifier"
"""Who judges where nobody is named: the judge that evaluation/judges/train.py makes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dimension(Column):
    """One question about a reply, with the verdicts that teachers could give."""

    values: dict[str, float]
    """Each verdict and what it is worth, 0 to 1, the least first."""
    apart: bool = False
    """Whether it is labelled in corpora of its own: a trained judge then learns it by itself."""


def _dimension(
    name: str,
    label: str,
    description: str,
    values: dict[str, float],
    better: Better = "higher",
    *,
    apart: bool = False,
) -> Dimension:
    return Dimension(name=name, label=label, description=description, values=values, better=better, apart=apart)


_EXTENT = {"No": 0.0, "To some extent": 0.5, "Yes": 1.0}

DIMENSIONS: dict[str, Dimension] = {
    each.name: each
    for each in (
        _dimension("mistake_identification", "sees the mistake", "Has the tutor seen that there is one?", _EXTENT),
        _dimension("mistake_location", "says where it lies", "Does the tutor point at the place of it?", _EXTENT),
        _dimension(
            "revealing_of_the_answer",
            "gives the final answer away",
            "Does the tutor say the final answer, right or wrong?",
            {"No": 0.0, "Yes": 1.0},
            "lower",
        ),
        _dimension(
            "providing_guidance",
            "guides",
            "Does the tutor help with an explanation, a hint, an example or a question that leads on?",
            _EXTENT,
        ),
        _dimension(
            "guiding",
            "guides rather than tells",
            "Does the tutor leave the thinking to the learner, or do a part of it?",
            {"Telling": 0.0, "Generic": 0.5, "Guiding": 1.0},
            apart=True,
        ),
        _dimension("actionability", "says what to do next", "Is it clear what the learner should do next?", _EXTENT),
        _dimension("coherence", "fits what was said before", "Does the reply follow from the conversation?", _EXTENT),
        _dimension(
            "tutor_tone",
            "is encouraging",
            "Is the tone encouraging, neutral or offensive?",
            {"Offensive": 0.0, "Neutral": 0.5, "Encouraging": 1.0},
        ),
        _dimension("humanlikeness", "sounds like a person", "Does it sound natural, and not like a machine?", _EXTENT),
    )
}
"""By name, as suites write them."""


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
