"""The smoke configuration by its real commands, whole and killed at random moments."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from espalier.artifacts import records, registry
from research.bootstrap import run
from research.bootstrap.loop import history
from tests import processes
from tests.processes import Moment

KILLS = 10


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


@pytest.mark.slow
def test_killed_at_random_moments_a_loop_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    Forked(home, monkeypatch)
    assert run.main(["smoke", "--warm", "false"]) == 0
    told = {each.spec: each for each in registry.survey()}
    assert told["loop:bootstrap-smoke"].state == "complete"
    adapter = told["run:bootstrap-smoke-r01-adapter"]
    assert adapter.round and "run:bootstrap-smoke-r01-trunk" in adapter.made_of
    left = [*home.glob("runs/*/checkpoints"), *home.glob("mixes/*/packs")]
    assert not left, "what only its own trainings had a use for is cleared away"
    expected = contents(home)

    home.rename(tmp_path / "whole")  # an adapter names its trunk by its place, so the place is the same
    killed = Forked(home, monkeypatch)
    killed.left = KILLS
    keeps = history.History.keep
    monkeypatch.setattr(history.History, "keep", _interrupted_in_the_last)
    with pytest.raises(KeyboardInterrupt):
        _again_and_again()
    # Its last round is done and not kept yet: now the orchestrator itself is killed.
    monkeypatch.setattr(history.History, "keep", keeps)
    at = Moment(does="os.rename", path=r".*/exams/\.r01\.json.*")
    assert processes.run("research/bootstrap/run.py", "smoke", "--warm", "false", at=at).code < 0
    _again_and_again()
    assert len(killed.kills) == KILLS and contents(home) == expected


def _again_and_again() -> None:
    """The same command, while it is killed."""
    while True:
        try:
            assert run.main(["smoke", "--warm", "false"]) == 0
            return
        except SystemExit as stopped:
            assert stopped.code == 128 + 9


_keep = history.History.keep


def _interrupted_in_the_last(kept: history.History, found: dict[str, object]) -> None:
    if found["number"] == 1:
        raise KeyboardInterrupt
    _keep(kept, found)
