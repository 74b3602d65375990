"""The smoke configuration by its real commands, from the core that is grown for it, whole and killed at random."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from espalier.artifacts import registry
from research.self_improvement import run
from tests import processes
from tests.processes import Moment
from tests.research.forked import Forked, contents

KILLS = 6
CONFIGS = "research/self_improvement/configs"


@pytest.mark.slow
def test_killed_at_random_moments_a_loop_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    Forked(home, monkeypatch)
    for script, config in [
        ("research/self_improvement/grow.py", "smoke-growing.yaml"),
        ("stage1/train.py", "smoke-core.yaml"),
    ]:
        ended = processes.run(script, f"{CONFIGS}/{config}")
        assert ended.code == 0, ended.output
    copytree(home, tmp_path / "grown")
    assert run.main(["smoke", "--warm", "false"]) == 0
    told = {each.spec: each for each in registry.survey()}
    assert told["loop:self-smoke"].state == "complete"
    page = (home / "loops" / "self-smoke" / "report.md").read_text()
    assert "predict_output" in page and "social games" in page
    expected = contents(home)

    home.rename(tmp_path / "whole")
    copytree(tmp_path / "grown", home)
    killed = Forked(home, monkeypatch)
    killed.left = KILLS
    at = Moment(does="os.rename", path=r".*/exams/\.r01\.json.*")
    _again_and_again(stop_after=1)
    assert processes.run("research/self_improvement/run.py", "smoke", "--warm", "false", at=at).code < 0
    _again_and_again()
    assert len(killed.kills) == KILLS and contents(home) == expected


def _again_and_again(stop_after: int | None = None) -> None:
    """The same command, while it is killed; at most so often."""
    times = 0
    while times != stop_after:
        times += 1
        try:
            assert run.main(["smoke", "--warm", "false"]) == 0
            return
        except SystemExit as stopped:
            assert stopped.code == 128 + 9
