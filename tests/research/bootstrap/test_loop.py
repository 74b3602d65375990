"""The smoke configuration by its real commands, whole and killed at random moments."""

from __future__ import annotations

from pathlib import Path

import pytest

from espalier.artifacts import registry
from research.bootstrap import run
from research.bootstrap.loop import history
from tests import processes
from tests.processes import Moment
from tests.research.forked import Forked, contents

KILLS = 10


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
    keeps = history.History.keep_round
    monkeypatch.setattr(history.History, "keep_round", _interrupted_in_the_last)
    with pytest.raises(KeyboardInterrupt):
        _again_and_again()
    # Its last round is done and not kept yet: now the orchestrator itself is killed.
    monkeypatch.setattr(history.History, "keep_round", keeps)
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


_keep = history.History.keep_round


def _interrupted_in_the_last(kept: history.History, found: dict[str, object]) -> None:
    if found["number"] == 1:
        raise KeyboardInterrupt
    _keep(kept, found)
