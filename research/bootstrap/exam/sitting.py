"""A sitting: tasks are put to somebody, whose own turns stand before what is asked next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from research.bootstrap.classroom.asking import PUPIL, Ask, Episode, Line


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One turn, as it is put."""

    place: int
    """The task's, in its paper."""
    turn: int
    """Which of the task's turns, from 0."""
    ask: Ask
    """What is wanted."""
    before: tuple[Line, ...]
    """All that was said, the pupil's own turns among it."""
    transcript: str
    """The same as text, as it was said, which goes on with the pupil's turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was said there."""

    text: str
    """What follows the speaker's name, as in ` An apple.`, without a line break."""
    ended: bool = True
    """Whether the turn came to its end by itself."""


Answers = Callable[[Sequence[Asked]], Sequence[Answer]]
"""Who answers turns that are put at once, in their order."""


def sit(tasks: Sequence[Episode], answers: Answers, who: str = PUPIL) -> list[tuple[Asked, Answer]]:
    """Every turn of the tasks, task by task, with what was answered; first turns of all tasks are put at once, then
    second ones, and so on. `who` is who the tasks are put to."""
    found: list[list[tuple[Asked, Answer]]] = [[] for _ in tasks]
    for turn in range(max((len(task.asks) for task in tasks), default=0)):
        asked = [
            _asked(place, turn, task.asks[turn], found[place], who)
            for place, task in enumerate(tasks)
            if turn < len(task.asks)
        ]
        for each, answer in zip(asked, answers(asked), strict=True):
            found[each.place].append((each, answer))
    return [each for task in found for each in task]


def _asked(place: int, turn: int, ask: Ask, earlier: Sequence[tuple[Asked, Answer]], who: str) -> Asked:
    before, transcript = ask.lines, "".join(f"{line}\n" for line in ask.lines) + f"{who}:"
    if earlier:
        last, answer = earlier[-1]
        before = (*last.before, Line(speaker=who, text=answer.text.strip()), *before)
        transcript = f"{last.transcript}{answer.text}\n{transcript}"
    return Asked(place=place, turn=turn, ask=ask, before=before, transcript=transcript)
