"""Replies that no teacher need read to say that they do not help: a judge that never met one falls for them.

Nearly all tutors whose replies teachers labelled speak of the learner's problem. A model that does not may come
tomorrow. So some replies are put into other dialogues, where what they speak of was never said, and some dialogues are
answered with praise alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from evaluation.cases.case import Messages
from evaluation.judges.base import DIMENSIONS
from evaluation.judges.features.reading import Judged, read, union

MOVED, PRAISE = "false_content", "no_content"
"""The kinds of controls that a judge is taught examples of."""
_SHARE_MOVED, _SHARE_PRAISE = 0.2, 0.05
"""So many for each labelled reply."""
_LOST = 3
"""Words and numbers at least that a moved reply shared with its own dialogue, and does not with the other."""
_PRAISE = (
    "Great job!",
    "Good try!",
    "Well done! Keep it up.",
    "Nice work! Let's move on to the next question.",
    "Excellent! You are doing really well.",
    "You're doing great, keep practicing!",
    "Good work so far.",
    "Great effort! I'm proud of you.",
    "Perfect! Ready for the next one?",
    "Thank you for your answer.",
    "Very good! Let's continue.",
    "Awesome work! You've got this.",
    "Thanks for sharing your thinking with me.",
)
_OF_CONTENT = (
    "mistake_identification",
    "mistake_location",
    "revealing_of_the_answer",
    "providing_guidance",
    "actionability",
)
_OF_MANNER = ("tutor_tone", "humanlikeness")


class Taught(Judged, Protocol):
    """What the judge learns from: a `Labelled` reply."""

    @property
    def problem(self) -> str:
        """Dialogues of one problem share it."""

    @property
    def tutor(self) -> str:
        """Who wrote the reply."""

    @property
    def labels(self) -> dict[str, str]:
        """By dimension the verdict, as a key of the dimension's `values`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Distractor:
    """A made reply."""

    messages: Messages
    """The conversation that it is put after."""
    reply: str
    """The reply."""
    answer: str
    """The solution to that conversation's problem, or empty."""
    labels: dict[str, str]
    """The verdicts that are certain."""
    problems: frozenset[str]
    """The problems of the reply and of the conversation."""
    kind: str
    """The kind of control that it is an example of."""
    tutor: str = field(default="")
    """Whose reply it is; empty for nobody's."""


def distractors(taught: Sequence[Taught], *, seed: int) -> list[Distractor]:
    """Some made replies for these labelled ones; the same for the same seed."""
    chance = random.Random(seed)
    return [*_moved(taught, chance), *_praise(taught, chance)]


def _moved(taught: Sequence[Taught], chance: random.Random) -> list[Distractor]:
    """Replies in a dialogue of another problem. What is said of their manner stays true."""
    readings = [read(each) for each in taught]
    spoken = [frozenset[str | float]().union(*union((each.reply,))) for each in readings]
    known = [
        frozenset[str | float]().union(*union((each.problem, each.tutor_before, each.learner, each.learner_before)))
        for each in readings
    ]
    found: list[Distractor] = []
    for place in chance.sample(range(len(taught)), len(taught)):
        if len(found) >= _SHARE_MOVED * len(taught):
            break
        each, there = taught[place], chance.randrange(len(taught))
        lost = len(spoken[place] & known[place]) - len(spoken[place] & known[there])
        if taught[there].problem == each.problem or lost < _LOST:
            continue
        manner = {name: each.labels[name] for name in _OF_MANNER if name in each.labels}
        found.append(
            Distractor(
                messages=taught[there].messages,
                reply=each.reply,
                answer=taught[there].answer,
                labels=_least((*_OF_CONTENT, "coherence")) | manner,
                problems=frozenset((each.problem, taught[there].problem)),
                kind=MOVED,
                tutor=each.tutor,
            )
        )
    return found


def _praise(taught: Sequence[Taught], chance: random.Random) -> list[Distractor]:
    """Praise and nothing else."""
    return [
        Distractor(
            messages=each.messages,
            reply=chance.choice(_PRAISE),
            answer=each.answer,
            labels=_least(_OF_CONTENT) | {"tutor_tone": "Encouraging"},
            problems=frozenset((each.problem,)),
            kind=PRAISE,
        )
        for each in chance.sample(list(taught), round(_SHARE_PRAISE * len(taught)))
    ]


def _least(names: Sequence[str]) -> dict[str, str]:
    return {name: next(iter(DIMENSIONS[name].values)) for name in names}
