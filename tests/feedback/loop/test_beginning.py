"""What is refused before a loop begins, all at once."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from espalier.command_line.config import load_file
from espalier.errors import UserError
from feedback import rlp
from feedback.loop.beginning import check, kinds_of_steps
from feedback.loop.config import DEFAULT_CONFIG, LoopConfig

GOOD: dict[str, Any] = {
    "name": "toy",
    "start": "core",
    "preferences": ["known.jsonl"],
    "samples": {"prompts": "mix:basil/train"},
    "reward": {"config": "reward.yaml"},
    "policy": {"config": "policy.yaml"},
    "exam": {"prompts": "suite:recast"},
}


@pytest.fixture
def write(workspace: Path) -> Any:
    """Writes a loop's configuration, whose files are there."""
    for name in ("known.jsonl", "reward.yaml", "policy.yaml"):
        (workspace / name).touch()

    def written(**changes: Any) -> Path:
        path = workspace / "loop.yaml"
        path.write_text(yaml.safe_dump(GOOD | changes))
        return path

    return written


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_begun(workspace: Path, write: Any) -> None:
    config = write(
        corpora=["none"],
        samples={"prompts": "suite:recast"},
        final={"suite": "recast"},
        policy={"config": "policy.yaml", "by": "leaks=-1,rewarding=2"},
        exam={"prompts": "suite:recast", "controls": ["canned_pool", "flattery"]},
    )
    with pytest.raises(UserError) as told:
        rlp.main([str(config)])
    lines = str(told.value).splitlines()
    assert len(lines) == 5 and not (workspace / "loops").exists()
    for line, said in zip(
        lines,
        (
            "corpora/none/preferences.jsonl: no such file",
            "exam.prompts: suite:recast are those that the policy is trained on",
            "final.suite: recast is the examination, which steers the loop",
            "policy.by: leaks=-1,rewarding=2 has no reward",
            "exam.controls: flattery: no family",
        ),
        strict=True,
    ):
        assert said in line


def test_the_first_weights_have_to_be_there(write: Any) -> None:
    with pytest.raises(UserError, match="no model 'core'"):
        rlp.main([str(write())])


def test_something_has_to_be_known(write: Any) -> None:
    with pytest.raises(UserError, match="corpora, preferences: one of them has to say what is known"):
        rlp.main([str(write(preferences=[]))])


def test_a_round_is_counted_as_it_is_made(write: Any) -> None:
    def steps(refresh: str) -> int:
        return len(kinds_of_steps(load_file(LoopConfig, write(refresh=refresh, rounds=2))))

    assert (steps("none"), steps("spg"), steps("rules")) == (1 + 2 + 10, 1 + 2 + 6 + 10, 1 + 6 + 10)


def test_the_configuration_that_comes_with_it_lacks_only_what_is_to_be_made() -> None:
    with pytest.raises(UserError) as told:
        check(load_file(LoopConfig, DEFAULT_CONFIG))
    assert "corpora/rlp-young-preferences/preferences.jsonl: no such file; feedback/prefer.py makes" in str(told.value)
