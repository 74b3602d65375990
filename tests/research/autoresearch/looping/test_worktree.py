"""Real git: what a loop adds to a repository, and what a proposer can do to its worktree."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from espalier.errors import UserError
from research.autoresearch.looping.git import GitFailed
from research.autoresearch.looping.repository import Repository
from research.autoresearch.looping.worktree import LARGEST, Worktree

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
BRANCH = "autoresearch/a"


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with two files, one of them a program, and a hook that refuses every commit."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "train.py").write_text("width = 1\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("train.py")
    (folder / ".gitignore").write_text("results-*\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "begin")
    hook = folder / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    return folder


class Begun:
    def __init__(self, checkout: Path, folder: Path) -> None:
        self.repository = Repository(checkout)
        self.base = self.repository.head
        self.worktree = Worktree(self.repository, folder, BRANCH)
        assert self.worktree.settle(self.base)
        self.path = folder

    def change(self, text: str = "width = 2\n") -> None:
        (self.path / "train.py").write_text(text)


@pytest.fixture
def begun(checkout: Path, tmp_path: Path) -> Begun:
    return Begun(checkout, tmp_path / "loop" / "worktree")


def test_a_change_becomes_one_commit_without_hooks_and_the_checkout_is_untouched(begun: Begun, checkout: Path) -> None:
    begun.change()
    (begun.path / "results-language.tsv").write_text("a copy")
    taken = begun.worktree.take(begun.base, "wider\n\nbecause", ignored=("results-language.tsv",))
    assert taken.named is None and taken.commit != begun.base
    assert begun.repository.content(taken.commit, "train.py") == b"width = 2\n"
    assert git(checkout, "log", "-1", "--format=%an %B", taken.commit).split() == ["autoresearch", "wider", "because"]
    assert git(checkout, "show", "--name-only", "--format=", taken.commit) == "train.py"
    begun.worktree.settle(begun.base)
    assert (begun.path / "train.py").read_text() == "width = 1\n"
    assert git(checkout, "rev-parse", BRANCH) == begun.base
    assert (
        git(checkout, "status", "--porcelain", "--branch") == "## main"
        and git(checkout, "rev-parse", "HEAD") == begun.base
    )


def test_one_commit_of_a_proposers_own_is_taken_and_what_it_left_besides_is_not(begun: Begun) -> None:
    begun.change()
    git(begun.path, "commit", "-q", "-a", "--no-verify", "-m", "mine")
    begun.change("width = 99\n")
    taken = begun.worktree.take(begun.base, "", ignored=())
    assert taken.named is None
    assert begun.repository.content(taken.commit, "train.py") == b"width = 2\n"


def nothing(begun: Begun) -> None:
    pass


def commits_twice(begun: Begun) -> None:
    for width in (2, 3):
        begun.change(f"width = {width}\n")
        git(begun.path, "commit", "-q", "-a", "--no-verify", "-m", "mine")


def amends_what_stands(begun: Begun) -> None:
    git(begun.path, "commit", "-q", "--amend", "--no-verify", "-m", "mine")


def merges(begun: Begun) -> None:
    git(begun.path, "checkout", "-q", "-b", "side")
    begun.change()
    git(begun.path, "commit", "-q", "-a", "--no-verify", "-m", "mine")
    git(begun.path, "checkout", "-q", BRANCH)
    git(begun.path, "merge", "-q", "--no-ff", "--no-verify", "-m", "merged", "side")


def detaches(begun: Begun) -> None:
    git(begun.path, "checkout", "-q", "--detach")
    begun.change()
    git(begun.path, "commit", "-q", "-a", "--no-verify", "-m", "mine")


def goes_to_another_branch(begun: Begun) -> None:
    git(begun.path, "checkout", "-q", "-b", "elsewhere")
    begun.change()


def deletes_all(begun: Begun) -> None:
    shutil.rmtree(begun.path)


def deletes_all_files(begun: Begun) -> None:
    for path in begun.path.iterdir():
        path.unlink()


def makes_a_repository_of_its_own(begun: Begun) -> None:
    (begun.path / ".git").unlink()
    git(begun.path, "init", "-q")


def removes_the_worktree_and_the_branch(begun: Begun) -> None:
    git(begun.repository.root, "worktree", "remove", "--force", str(begun.path))
    git(begun.repository.root, "branch", "-D", BRANCH)


def breaks_the_index(begun: Begun) -> None:
    admin = git(begun.path, "rev-parse", "--absolute-git-dir")
    (Path(admin) / "index").write_bytes(b"none")


def leaves_a_lock(begun: Begun) -> None:
    admin = git(begun.path, "rev-parse", "--absolute-git-dir")
    (Path(admin) / "index.lock").touch()
    begun.change()


def writes_megabytes(begun: Begun) -> None:
    (begun.path / "big").write_bytes(b"0" * (LARGEST + 1))


def links_the_worktree_elsewhere(begun: Begun) -> None:
    other = begun.path.with_name("other")
    begun.path.rename(other)
    begun.path.symlink_to(other)


def leaves_a_fifo(begun: Begun) -> None:
    (begun.path / "train.py").unlink()
    os.mkfifo(begun.path / "train.py")


DONE: list[tuple[Callable[[Begun], None], str]] = [
    (nothing, "changes nothing"),
    (commits_twice, "commits more than once"),
    (amends_what_stands, "rewrites history"),
    (merges, "commits more than once"),
    (detaches, "leaves its branch"),
    (goes_to_another_branch, "leaves its branch"),
    (deletes_all, "damages the repository"),
    (deletes_all_files, "damages the repository"),
    (makes_a_repository_of_its_own, "damages the repository"),
    (removes_the_worktree_and_the_branch, "damages the repository"),
    (breaks_the_index, "damages the repository"),
    (leaves_a_lock, "damages the repository"),
    (writes_megabytes, "writes too much"),
    (links_the_worktree_elsewhere, "damages the repository"),
    (leaves_a_fifo, "damages the repository"),
]


@pytest.mark.parametrize(("does", "named"), DONE, ids=lambda each: getattr(each, "__name__", ""))
def test_whatever_is_done_to_it_is_named_and_put_right(does: Callable[[Begun], None], named: str, begun: Begun) -> None:
    does(begun)
    taken = begun.worktree.take(begun.base, "message", ignored=())
    assert (taken.named, taken.commit) == (named, begun.base) and taken.why
    begun.worktree.settle(begun.base)
    assert not begun.path.is_symlink() and (begun.path / "train.py").read_text() == "width = 1\n"
    assert git(begun.path, "status", "--porcelain", "--ignored") == ""
    assert git(begun.path, "symbolic-ref", "--short", "HEAD") == BRANCH
    assert git(begun.path, "rev-parse", "HEAD") == begun.base
    begun.change()
    assert begun.worktree.take(begun.base, "message", ignored=()).named is None, "and the next one goes through"


def test_what_git_ignores_is_cleared_away(begun: Begun) -> None:
    (begun.path / "results-x").write_text("kept for myself")
    git(begun.path, "init", "-q", "inner")
    (begun.path / "inner/file").touch()
    begun.worktree.settle(begun.base)
    assert {path.name for path in begun.path.iterdir()} == {".git", ".gitignore", "train.py", "run.sh", "link"}


def test_loops_beside_one_another_have_worktrees_of_their_own(begun: Begun, tmp_path: Path) -> None:
    begun.change()
    kept = begun.worktree.take(begun.base, "wider", ignored=()).commit
    others = [Worktree(begun.repository, tmp_path / name / begun.path.name, f"loops/{name}") for name in ("b", "c")]
    for other in others:
        other.path.parent.mkdir()
        assert other.settle(begun.base), "it is made by being put right, as a loop that begins does"
    assert not begun.worktree.settle(kept) and not any(other.settle(begun.base) for other in others)
    assert (begun.path / "train.py").read_text() == "width = 2\n"
    assert git(begun.path, "rev-parse", "--abbrev-ref", "HEAD") == BRANCH


def test_no_repository_no_commit_and_no_git_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="is no git repository.*git init"):
        Repository(tmp_path)
    git(tmp_path, "init", "-q")
    with pytest.raises(UserError, match="nothing was ever committed"):
        Repository(tmp_path)
    (tmp_path / "below").mkdir()
    with pytest.raises(UserError, match="has to be its top folder"):
        Repository(tmp_path / "below")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="git is not installed"):
        Repository(tmp_path)


def test_a_detached_head_is_a_commit_like_any_other(checkout: Path, tmp_path: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    git(checkout, "checkout", "-q", "--detach")
    begun = Begun(checkout, tmp_path / "worktree")
    assert begun.base == head
    assert git(checkout, "rev-parse", "--abbrev-ref", "HEAD") == "HEAD", "and stays detached"


def test_changes_of_a_checkout_are_seen_where_they_count(checkout: Path) -> None:
    (checkout / "train.py").write_text("width = 5\n")
    (checkout / "new").mkdir()
    (checkout / "new/file").touch()
    repository = Repository(checkout)
    assert repository.changed() == ["train.py", "new/file"]
    assert repository.changed("new") == ["new/file"] and repository.changed("run.sh") == []


def test_a_clean_checkout_is_told_from_one_that_was_touched(begun: Begun, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    begun.repository.check_out(begun.base, locked)
    assert begun.repository.differing(begun.base, locked) == []
    assert (locked / "run.sh").stat().st_mode & 0o100 and (locked / "link").is_symlink()
    (locked / "train.py").write_text("width = 3\n")
    (locked / "run.sh").chmod(0o644)
    (locked / "link").unlink()
    (locked / "__pycache__").mkdir()
    (locked / "__pycache__/train.cpython-311.pyc").touch()
    (locked / "folder").symlink_to(tmp_path)
    changed = ["__pycache__/train.cpython-311.pyc", "folder", "link", "run.sh", "train.py"]
    assert begun.repository.differing(begun.base, locked) == changed
    begun.repository.check_out(begun.base, locked)
    assert begun.repository.differing(begun.base, locked) == []


def test_what_no_commit_has_is_told(begun: Begun) -> None:
    assert begun.repository.has_commit(begun.base) and not begun.repository.has_commit("2" * 40)
    with pytest.raises(GitFailed):
        begun.repository.content(begun.base, "none.py")
    with pytest.raises(GitFailed):
        begun.repository.commit("--help")
