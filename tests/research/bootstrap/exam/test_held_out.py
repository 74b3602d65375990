"""What is examined is new to whoever sat in sessions: neither the combination nor the words of a task were there."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from espalier.command_line.config import resolve_path
from research.bootstrap.bands import LAST_BAND
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.types import TYPES
from research.bootstrap.exam.milestones import read_milestones
from research.bootstrap.exam.papers import Drawer, asked_in
from research.bootstrap.loop.config import MILESTONES

REAL = read_milestones(resolve_path(MILESTONES, Path()))
SESSIONS = 500
"""Tasks of each session type and band: a prompt that is on both sides by a free choice of words is met in so many."""


@pytest.mark.slow
@pytest.mark.parametrize("band", range(LAST_BAND + 1))
def test_no_task_of_a_paper_stands_in_a_session(band: int) -> None:
    drawer, tasks = Drawer(REAL, band, TYPES), REAL.bands[band].tasks
    examined = [*drawer.paper(tasks), *drawer.paper(tasks)]
    for name in REAL.types:
        sessions = TYPES[name](Scene(random.Random(f"{name}/{band}"), "sessions"))
        heard = [sessions.episode(band) for _ in range(SESSIONS)]
        mine = [task for task in examined if task.asks[0].kind == name]
        assert {task.combination for task in mine} & {task.combination for task in heard} == set(), name
        assert {asked_in(task) for task in mine} & {asked_in(task) for task in heard} == set(), name
