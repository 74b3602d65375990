"""What changed since a day: artifacts by their manifests, commits by git, cards by the board as it was committed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from espalier.cli import main
from espalier.errors import UserError
from tests.espalier.artifacts.forge import forge
from tests.espalier.memory.test_board import GOOD

WHO = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@b"}


def git(folder: Path, *words: str, day: str = "2026-01-01") -> None:
    moments = {"GIT_AUTHOR_DATE": f"{day}T12:00:00", "GIT_COMMITTER_DATE": f"{day}T12:00:00"}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-C", str(folder), *words]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | WHO | moments | alone)


def commit(folder: Path, text: str, *, day: str, board: str) -> None:
    (folder / "agents").mkdir(exist_ok=True)
    (folder / "agents" / "KANBAN.md").write_text(board)
    git(folder, "add", "agents/KANBAN.md", day=day)
    git(folder, "commit", "-m", text, day=day)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, list[str]]:
    """The lines below each heading."""
    main(["standup", *words])
    parts = capsys.readouterr().out.strip().split("\n\n")[1:]
    return {part.splitlines()[0]: [line.strip() for line in part.splitlines()[1:]] for part in parts}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_was_made_written_and_moved_since(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(workspace, "init", "-q")
    commit(workspace, "A board", day="2026-01-01", board=GOOD)
    moved = GOOD.replace("- [E-2]", "- [E-5] A new one @bob\n- [E-2]").replace("- [E-1] The frame 2026-11-21\n", "")
    moved = moved.replace("- [E-3] Preferences are trained on\n", "") + "- [E-3] Preferences are trained on\n"
    commit(workspace, "Preferences\x1b[2J", day="2026-01-03", board=moved)
    forge("run:old", finished="2026-01-01T23:59:59+00:00")
    forge("run:new", finished="2026-01-02T00:00:01+00:00")
    forge("run:half", complete=False, created="2026-01-02T08:00:00+00:00")
    found = told(capsys, "--since", "2026-01-02")
    assert found["Made"] == ["2026-01-02  run:new  valid_bits_per_byte 1.5  loss 2"]
    assert [line.split("  ")[:3] for line in found["Begun, not complete"]] == [
        ["2026-01-02", "run:half", "[interrupted]"]
    ]
    assert found["Written"][0] == r"2026-01-03  Preferences\x1b[2J  (Ada)" and "not committed" in found["Written"][1]
    assert found["Board"] == [
        "new in Doing: E-5  A new one  @bob",
        "Next → Done: E-3  Preferences are trained on",
        "taken off: E-1  The frame  2026-11-21",
    ]
    assert told(capsys, "--since", "2026-01-04")["Made"] == ["nothing"]


def test_where_little_is_known_that_is_said(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "agents").mkdir()
    (workspace / "agents" / "KANBAN.md").write_text(GOOD.replace("## Done", "## Finished"))
    monkeypatch.setenv("PATH", str(workspace))
    found = told(capsys)
    assert found["Written"] == ["no git repository here: commits are not told"]
    assert "KANBAN.md:20: no column is called 'Finished'" in found["Board"][0]
    for day in ("yesterday", "2026-02-30"):
        with pytest.raises(UserError, match=f"--since {day}: no day"):
            main(["standup", "--since", day])
