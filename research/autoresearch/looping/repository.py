"""The user's repository: what is read of it, and the one branch and worktree that a loop adds to it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from espalier.errors import UserError
from research.autoresearch.looping.git import GitFailed, git, remove_tree, said


class Repository:
    """A checkout of a repository. Nothing here changes its files, its index or the branch that it is on."""

    def __init__(self, root: Path) -> None:
        """UserError where `root` is no top folder of a checkout, or nothing was ever committed there."""
        self.root, self._at = root, ("-C", str(root))
        try:
            top = Path(said("rev-parse", "--show-toplevel", at=self._at))
        except GitFailed as error:
            raise UserError(
                f"{root}: is no git repository, and experiments are commits of one ({error}); begin one there with "
                "git init, git add -A and git commit"
            ) from None
        if not top.samefile(root):
            raise UserError(f"{root}: lies within the git repository {top}, and has to be its top folder")
        try:
            self.head = self.commit("HEAD")
        except GitFailed:
            raise UserError(f"{root}: nothing was ever committed there; commit what experiments begin from") from None
        self.common = Path(said("rev-parse", "--path-format=absolute", "--git-common-dir", at=self._at))
        """Where all worktrees keep their commits."""

    def commit(self, name: str) -> str:
        """The full hash of a commit by any name. GitFailed where there is none."""
        return said("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", at=self._at)

    def has_commit(self, commit: str) -> bool:
        try:
            return self.commit(commit) == commit
        except GitFailed:
            return False

    def changed(self, *places: str) -> list[str]:
        """Files below `places` that are not as HEAD has them, those that are not ignored and not known among them."""
        told = git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *places, at=self._at)
        return [os.fsdecode(entry[3:]) for entry in told.split(b"\0") if entry]

    def has_branch(self, branch: str) -> bool:
        return bool(said("for-each-ref", f"refs/heads/{branch}", at=self._at))

    def content(self, commit: str, path: str) -> bytes:
        """A file of a commit, as it was committed. GitFailed where it has none there."""
        return git("cat-file", "blob", f"{commit}:{path}", at=self._at)

    def tidy(self) -> None:
        """Pack what is loose, once there is much of it."""
        git("-c", "gc.auto=6700", "gc", "--auto", "--quiet", at=self._at)

    def check_out(self, commit: str, folder: Path) -> None:
        """Write all files of a commit into a new folder, which no branch or index knows of."""
        remove_tree(folder)
        folder.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as elsewhere:
            index = {"GIT_INDEX_FILE": f"{elsewhere}/index"}
            git("read-tree", commit, at=self._at, environment=index)
            git("checkout-index", "--all", f"--prefix={folder}/", at=self._at, environment=index)

    def differing(self, commit: str, folder: Path) -> list[str]:
        """Files of a folder that are not as in the commit: other bytes, missing, or there and unknown to it.

        It is told by the hashes that name the commit itself, so that nothing kept in the folder has to be trusted.
        """
        kind = said("rev-parse", "--show-object-format", at=self._at)
        known: dict[str, tuple[str, str]] = {}
        for entry in git("ls-tree", "-r", "-z", "--full-tree", commit, at=self._at).split(b"\0"):
            if entry:
                facts, _, place = entry.partition(b"\t")
                mode, _, blob = facts.decode().split(" ")
                known[os.fsdecode(place)] = (mode, blob)
        found: dict[str, tuple[str, str]] = {}
        for home, folders, files in os.walk(folder):
            for name in (*files, *(each for each in folders if Path(home, each).is_symlink())):
                path = Path(home, name)
                found[path.relative_to(folder).as_posix()] = (_mode(path), _named(path, kind))
        return sorted(path for path in known.keys() | found.keys() if known.get(path) != found.get(path))


def _mode(path: Path) -> str:
    if path.is_symlink():
        return "120000"
    return "100755" if path.lstat().st_mode & 0o100 else "100644"


def _named(path: Path, kind: str) -> str:
    """The name that git gives a file's content."""
    if path.is_symlink():
        content = os.fsencode(path.readlink())
    elif path.is_file():
        content = path.read_bytes()
    else:
        return "is neither file nor link"
    return hashlib.new(kind, b"blob %d\0%b" % (len(content), content)).hexdigest()
