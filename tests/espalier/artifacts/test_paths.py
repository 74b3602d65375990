"""A name never leads out of its folder."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.artifacts.paths import agents_dir, artifact, check_name, repo_root, workspace
from espalier.errors import UserError


@pytest.mark.parametrize("name", ["basil-core", "a", "A1_b.c-d", "x" * 64])
def test_good_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "a..b", "-flag", "x" * 65, "a b", "é", "a\n"])
def test_bad_names_say_what_is_allowed(name: str) -> None:
    with pytest.raises(UserError, match="letters, digits"):
        check_name(name)


@given(st.text())
def test_no_text_reaches_outside_its_folder(name: str) -> None:
    try:
        folder = artifact("runs", name)
    except UserError:
        return
    assert folder.resolve().parent == workspace() / "runs"


def test_the_checkout_is_the_workspace_by_default(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agents_dir() == workspace / "agents"
    monkeypatch.delenv("ESPALIER_HOME")
    assert artifact("mixes", "basil") == repo_root() / "mixes" / "basil"
