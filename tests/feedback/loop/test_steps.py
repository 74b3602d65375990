"""The commands that the steps of a round come to."""

from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.loops.pace import Pace
from feedback.loop import steps
from feedback.loop.config import LoopConfig


class Commands:
    """Stands for the commands that are run, which end with the code that they are told to end with."""

    def __init__(self) -> None:
        self.run: list[list[str]] = []
        self.code = 0

    def __call__(self, script: str, *words: str) -> int:
        self.run.append([script, *words])
        return self.code

    def given(self, key: str) -> list[str | None]:
        """By command what a flag was given."""
        return [words[words.index(f"--{key}") + 1] if f"--{key}" in words else None for words in self.run]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    found = Commands()
    monkeypatch.setattr("espalier.loops.steps.run_command", found)
    return found


def loop(**changes: Any) -> LoopConfig:
    settings = {
        "name": "toy",
        "start": "run:core",
        "preferences": ["known.jsonl"],
        "samples": {"prompts": "mix:basil/train"},
        "reward": {"config": "reward.yaml", "keys": {"steps": 9, "columns": ["a", "b"]}},
        "policy": {"config": "policy.yaml", "by": "reward=1, leaks=-0.5,reward/guiding=0.5"},
        "exam": {"prompts": "suite:recast"},
    }
    return LoopConfig.model_validate(settings | changes)


def test_the_reward_of_the_round_stands_where_the_configuration_says_reward(commands: Commands) -> None:
    steps.rank(loop(), Pace([]), 3, "toy-r03-samples", "toy-r03-reward")
    assert commands.given("by")[0] == "run:toy-r03-reward=1,leaks=-0.5,run:toy-r03-reward/guiding=0.5"
    assert commands.given("name") == ["toy-r03-pairs"] * 2 and commands.given("sources.0.on_bad_row")[1] == "drop"


def test_a_policy_is_trained_from_the_first_weights_whatever_they_are(commands: Commands, tmp_path: Path) -> None:
    steps.optimise(loop(), Pace([]), 0, "toy-r00-pairs")
    (tmp_path / "base").mkdir()
    steps.optimise(loop(start=str(tmp_path / "base"), chat_template="plain"), Pace([]), 0, "toy-r00-pairs")
    assert commands.given("parent") == ["core", "null"] and commands.given("base") == ["null", str(tmp_path / "base")]
    assert commands.given("chat_template") == [None, "plain"] and commands.given("mix") == ["toy-r00-pairs"] * 2


def test_two_views_are_learned_from_and_in_no_column(commands: Commands) -> None:
    for refresh in ("uml", "rules"):
        steps.renew(loop(refresh=refresh), Pace([]), 0, "toy-r00-samples", None)
    assert commands.given("make") == ["views", None, None, "pairs", None, None]
    assert commands.given("reward.bottleneck.views")[2::3] == ["unlabelled", None]
    assert commands.given("reward.columns.preferred")[2::3] == ["1.0", None] and commands.given("steps")[2] == "9"


def test_what_is_complete_is_not_made_again_and_what_fails_ends_the_loop(commands: Commands, workspace: Path) -> None:
    commands.code = 1
    with pytest.raises(UserError, match="toy-r00-samples could not be made, for the reason given above"):
        steps.sample(loop(), Pace([]), 0, "core")
    commands.code = 130
    with pytest.raises(SystemExit) as stopped:
        steps.sample(loop(), Pace([]), 0, "core")
    assert stopped.value.code == 130 and len(commands.run) == 2
    folder = workspace / "corpora" / "toy-r00-samples"
    folder.mkdir(parents=True)
    records.write_manifest(folder, {"kind": "corpus"})
    assert steps.sample(loop(), Pace([]), 0, "core") == "toy-r00-samples" and len(commands.run) == 2
