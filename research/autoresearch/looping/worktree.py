"""The worktree that experiments are proposed in: a branch of its own, and whatever was done to it is put right."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from research.autoresearch.looping.git import GitFailed, git, remove_tree, said
from research.autoresearch.looping.repository import Repository

LARGEST = 1 << 20
"""Bytes of changed files that are committed at the most: what is larger is no change of a training's file."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a proposal left in the worktree."""

    commit: str
    """The experiment's; what stood where there is none."""
    named: str | None = None
    """What is wrong with it; None for one commit on top of what stood."""
    why: str = ""


class Worktree:
    """The worktree of a loop, on its branch. It is found, made, and put right by its repository alone: nothing that
    stands in it is asked where it belongs."""

    def __init__(self, repository: Repository, path: Path, branch: str) -> None:
        self.path, self.branch, self._repository = path, branch, repository

    def settle(self, commit: str) -> bool:
        """Whatever was done to it, made or not: the branch stands at `commit`, the files are that commit's alone.

        Returns whether the worktree itself had to be made again.
        """
        broken = not self._is_sound()
        if broken:
            self._make_again(commit)
        try:
            self._settle(commit)
        except (GitFailed, OSError):
            broken = True
            self._make_again(commit)
            self._settle(commit)
        return broken

    def take(self, parent: str, message: str, *, ignored: tuple[str, ...]) -> Taken:
        """The one commit that stands on `parent`, or that is made of what was changed. `ignored` are names of files at
        the top that are not the proposal's."""
        if not self._is_sound():
            return Taken(commit=parent, named="damages the repository", why="the worktree was no worktree any more")
        for name in ignored:
            remove_tree(self.path / name)
        try:
            return self._take(parent, message)
        except GitFailed as error:
            return Taken(commit=parent, named="damages the repository", why=str(error).splitlines()[0])

    def _take(self, parent: str, message: str) -> Taken:
        if self._on() != self.branch:
            return Taken(commit=parent, named="leaves its branch", why=f"HEAD is not on {self.branch}")
        head = said("rev-parse", "HEAD", at=self._at)
        if head == parent:
            return self._commit(parent, message)
        if said("rev-parse", f"{head}^@", at=self._at).split("\n") == [parent]:
            return Taken(commit=head)
        try:
            said("merge-base", "--is-ancestor", parent, head, at=self._at)
        except GitFailed:
            return Taken(commit=parent, named="rewrites history", why="what stood is no part of its branch any more")
        number = said("rev-list", "--count", f"{parent}..{head}", at=self._at)
        return Taken(commit=parent, named="commits more than once", why=f"{number} commits, and one is an experiment")

    def _commit(self, parent: str, message: str) -> Taken:
        told = git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", at=self._at)
        changed = [self.path / os.fsdecode(entry[3:]) for entry in told.split(b"\0") if entry]
        if not changed:
            return Taken(commit=parent, named="changes nothing", why="neither a commit nor a changed file")
        size = sum(path.lstat().st_size for path in changed if path.is_symlink() or path.exists())
        if size > LARGEST:
            why = f"{size:,} bytes of changed files, of at most {LARGEST:,}"
            return Taken(commit=parent, named="writes too much", why=why)
        git("add", "--all", "--", ".", at=self._at)
        git("commit", "--quiet", "--no-verify", "-F", "-", at=self._at, stdin=message.encode("utf-8", "replace"))
        head = said("rev-parse", "HEAD", at=self._at)
        return Taken(commit=head)

    def _settle(self, commit: str) -> None:
        for lock in self._known.glob("*.lock"):  # of a git that was killed: nobody else works here
            lock.unlink()
        git("symbolic-ref", "HEAD", f"refs/heads/{self.branch}", at=self._at)
        git("reset", "--hard", "--quiet", commit, at=self._at)
        git("clean", "-ffdxq", at=self._at)

    def _is_sound(self) -> bool:
        """Whether what makes a folder a worktree of the repository is there."""
        link, admin = self.path / ".git", self._admin
        return (
            admin is not None
            and not self.path.is_symlink()
            and link.is_file()
            and not link.is_symlink()
            and link.stat().st_size < 4096
            and link.read_text(errors="replace").strip() == f"gitdir: {admin}"
            and (admin / "HEAD").is_file()
        )

    def _make_again(self, commit: str) -> None:
        if admin := self._admin:
            remove_tree(admin)
        self._add(commit)

    def _add(self, commit: str) -> None:
        remove_tree(self.path)
        at = ("-C", str(self._repository.root))
        git("worktree", "prune", at=at)
        git("worktree", "add", "--quiet", "--force", "-B", self.branch, str(self.path), commit, at=at)

    def _on(self) -> str:
        """The branch it is on; empty where it is on none."""
        try:
            return said("symbolic-ref", "--quiet", "--short", "HEAD", at=self._at)
        except GitFailed:
            return ""

    @property
    def _admin(self) -> Path | None:
        """Where the repository keeps what it knows of the worktree, told by the worktree's place alone: several loops
        have worktrees of one name. None where it knows nothing of it."""
        for entry in sorted((self._repository.common / "worktrees").glob("*/gitdir")):
            if Path(entry.read_text().strip()) == self.path / ".git":
                return entry.parent
        return None

    @property
    def _known(self) -> Path:
        """As `_admin`. GitFailed where it is None."""
        if (admin := self._admin) is None:
            raise GitFailed(f"{self.path} is no worktree of {self._repository.root}")
        return admin

    @property
    def _at(self) -> tuple[str, ...]:
        return (f"--git-dir={self._known}", f"--work-tree={self.path}", "-C", str(self.path))
