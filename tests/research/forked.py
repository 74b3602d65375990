"""A loop's commands in processes of their own, some of which are killed; and what was made in the end."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from espalier.artifacts import records, registry
from tests import processes
from tests.processes import Moment


class Forked:
    """Commands in processes of their own, some of which are killed before they write a file for the n-th time."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.kills, self.run = home, list[int](), 0
        self._rng = random.Random(7)
        self.left = 0
        """How many are to be killed yet."""
        patch.setenv("ESPALIER_HOME", str(home))
        patch.setattr("espalier.loops.steps.run_command", self)

    def __call__(self, script: str, *words: str) -> int:
        self.run += 1
        # Of two commands more than one is to be struck, some of them after their last file.
        strikes = self.left and self._rng.random() < 0.8
        at = Moment(path=rf"{re.escape(str(self.home))}/.*", number=self._rng.randint(1, 30)) if strikes else None
        ended = processes.run(script, *words, at=at)
        if ended.code < 0:
            self.left, self.kills = self.left - 1, [*self.kills, self.run]
            return 128 - ended.code
        assert ended.code == 0, ended.output
        return 0


def contents(home: Path) -> dict[str, object]:
    """What was made: the content of every artifact, and what was found of each round."""
    found: dict[str, object] = {each.spec: each.manifest["content_hash"] for each in registry.survey()}
    found |= {path.name: records.read_json(path) for path in sorted((home / "loops").rglob("exams/*.json"))}
    return found
