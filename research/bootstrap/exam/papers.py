"""Papers: the tasks of a band that an examination asks, the same for every pupil, each about a held-out combination.

The first paper is the same in every round, the second one is drawn by the round's number.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from research.bootstrap.classroom.asking import PUPIL, Episode
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.session_type import SessionType
from research.bootstrap.exam.milestones import Milestones

_PATIENCE = 100
"""Draws in a row without a new task after which a session type is taken to have no more."""


class Drawer:
    """Draws papers of one band, none of which has a task that an earlier one had."""

    def __init__(
        self, milestones: Milestones, band: int, types: Mapping[str, type[SessionType]], who: str = PUPIL
    ) -> None:
        """`types` are the session types by name, and `who` is who is asked. KeyError where the milestones name another
        type."""
        self._who = who
        self._seed, self._band = milestones.seed, band
        self._types = {name: types[name] for name in milestones.types}
        self._seen = set[str]()

    def paper(self, tasks: int, number: int | None = None) -> list[Episode]:
        """So many tasks, of one session type after the other, drawn by the `number` of a round, or for all rounds; a
        type that has no more is passed over.

        ValueError where all of them together have not so many, which is a fault of theirs.
        """
        seed = f"{self._seed}/{self._band}" if number is None else f"{self._seed}/{self._band}/{number}"
        left = {
            name: kind(Scene(random.Random(f"{seed}/{name}"), "examination", self._who))
            for name, kind in self._types.items()
        }
        found = list[Episode]()
        while len(found) < tasks:
            if not left:
                raise ValueError(f"band {self._band}: its session types have only {len(self._seen)} held-out tasks")
            for name in list(left):
                if len(found) == tasks:
                    break
                if task := self._new(left[name]):
                    found.append(task)
                else:
                    del left[name]
        return found

    def _new(self, kind: SessionType) -> Episode | None:
        for _ in range(_PATIENCE):
            task = kind.episode(self._band)
            asked = asked_in(task)
            if asked not in self._seen:
                self._seen.add(asked)
                return task
        return None


def asked_in(task: Episode) -> str:
    """All that is said to the pupil in a task: who is asked the same twice is asked once."""
    return "\n".join(str(line) for ask in task.asks for line in ask.lines)
