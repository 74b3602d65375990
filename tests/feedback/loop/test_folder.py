"""A loop under its name: what it was begun with stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from feedback.loop.folder import open_folder
from feedback.loop.report import write_report
from tests.feedback.loop.test_steps import loop


@pytest.fixture(autouse=True)
def files(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    for name in ("reward.yaml", "policy.yaml"):
        Path(name).write_text("steps: 9")


def test_a_configuration_that_changed_under_an_old_name_is_refused(workspace: Path) -> None:
    open_folder(loop(), {}).__exit__()
    Path("policy.yaml").write_text("steps: 900")
    with pytest.raises(UserError, match="loop toy was begun otherwise .*policy"):
        open_folder(loop(), {})
    begun = workspace / "loops" / "toy" / "loop.json"
    records.write_json(begun, {key: value for key, value in records.read_json(begun).items() if key != "trained by"})
    open_folder(loop(), {}).__exit__()


def test_where_more_than_the_reward_is_pleased_the_page_says_which_is_shown(workspace: Path) -> None:
    said = "the reward model's first column alone"
    for by, told in (("reward=1", False), ("reward=1,leaks=-0.5", True), ("reward/guiding=1", True)):
        config = loop(policy={"config": "policy.yaml", "by": by})
        assert (said in write_report(config, workspace, [], publish=False).read_text()) == told
