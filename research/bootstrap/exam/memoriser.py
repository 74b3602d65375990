"""The memoriser: a control that has heard as many tasks of a band as a pupil does, and finds the likest one again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from random import Random

import numpy as np

from research.bootstrap.classroom.asking import PUPIL, Line
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.session_type import SessionType, name_of
from research.bootstrap.exam.manner import words
from research.bootstrap.exam.milestones import Milestones
from research.bootstrap.exam.sitting import Answer, Answers, Asked

TASKS = 2_000
"""Of a band, of all session types together."""


def memoriser(milestones: Milestones, types: Mapping[str, type[SessionType]]) -> Answers:
    """Who has heard tasks of the sessions' side of what is held out, of the types that are examined."""
    kinds = tuple(types[name] for name in milestones.types)

    def answers(asked: Sequence[Asked]) -> list[Answer]:
        """gives the model answer of that of 2,000 tasks of sessions whose words are most like what is asked"""
        memories = [_memories(milestones.seed, each.ask.band, kinds)[each.turn] for each in asked]
        said = [memory.likest(_said(each.before)) for memory, each in zip(memories, asked, strict=True)]
        return [Answer(text=f" {text}") for text in said]

    return answers


class _Memory:
    """Model answers, found by the words before them; a word counts for more the fewer answers it stands before."""

    def __init__(self, heard: Sequence[tuple[Sequence[str], str]]) -> None:
        self._models = [model for _, model in heard]
        places: dict[str, list[int]] = {}
        for place, (before, _) in enumerate(heard):
            for word in before:
                places.setdefault(word, []).append(place)
        self._places = {word: np.array(found) for word, found in places.items()}
        self._weights = {word: math.log1p(len(heard) / len(found)) for word, found in places.items()}
        self._new = math.log1p(len(heard))
        self._sizes = np.array([self._size(before) for before, _ in heard])

    def likest(self, asked: Sequence[str]) -> str:
        """The answer before which the words share most, of what either has."""
        shared = np.zeros(len(self._models))
        for word in asked:
            if word in self._places:
                shared[self._places[word]] += self._weights[word]
        return self._models[int(np.argmax(shared / (self._sizes + self._size(asked) - shared)))]

    def _size(self, asked: Sequence[str]) -> float:
        return sum(self._weights.get(word, self._new) for word in asked)


@cache
def _memories(seed: int, band: int, kinds: tuple[type[SessionType], ...]) -> list[_Memory]:
    """What is remembered of a band, turn by turn."""
    heard: list[list[tuple[list[str], str]]] = []
    for kind in kinds:
        drawn = kind(Scene(Random(f"{seed}/{band}/{name_of(kind)}/memoriser"), "sessions"))
        for task in (drawn.episode(band) for _ in range(math.ceil(TASKS / len(kinds)))):
            for turn, ask in enumerate(task.asks):
                heard += [[]] if turn == len(heard) else []
                heard[turn].append((_said(line for each in task.asks[: turn + 1] for line in each.lines), ask.model))
    return [_Memory(each) for each in heard]


def _said(lines: Iterable[Line]) -> list[str]:
    """The words that others said, in an order that does not change from process to process."""
    return sorted({word for line in lines if line.speaker != PUPIL for word in words(line.text)})
