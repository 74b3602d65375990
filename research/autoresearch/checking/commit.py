"""Whether a commit touches what an experiment may touch, and nothing else."""

from __future__ import annotations

from pathlib import Path

from espalier.errors import UserError
from research.autoresearch.checking.tampering import check_text
from research.autoresearch.looping.git import GitFailed, git, said
from research.autoresearch.naming import Named
from research.autoresearch.staging import LARGEST_FILE
from research.autoresearch.tasks import Task

_PLAIN, _LINK, _SUBMODULE, _NONE = "100644", "120000", "160000", "000000"


def check_commit(folder: Path, parent: str, commit: str, task: Task) -> None:
    """Named where the commit changes anything but the task's editable files since `parent`, or what these became cannot
    be an experiment. Everything is read from git: what lies in `folder` beside it does not count."""
    at = ("-C", str(folder))
    modes = changed(folder, parent, commit)
    if not modes:
        raise Named("changes nothing")
    for name, mode in modes.items():
        if mode == _LINK:
            raise Named("adds a link", name)
        if mode == _SUBMODULE:
            raise Named("adds a submodule", name)
        if name not in task.editable:
            raise Named("touches a locked file", name)
        if mode == _NONE:
            raise Named("removes its own file", name)
        if mode != _PLAIN:
            raise Named("changes a file's mode", f"{name} to {mode}")
    for name in task.editable:
        blob = f"{commit}:{name}"
        size = int(said("cat-file", "-s", blob, at=at))
        if size > LARGEST_FILE:
            raise Named("too large a file", f"{name} has {size:,} bytes, and may have {LARGEST_FILE:,}")
        check_text(git("cat-file", "blob", blob, at=at), task)


def changed(folder: Path, parent: str, commit: str) -> dict[str, str]:
    """The path of each entry that differs, and the mode that it has in the commit. UserError where one is none."""
    at = ("-C", str(folder))
    try:
        ends = [
            said("rev-parse", "--verify", "--end-of-options", f"{end}^{{commit}}", at=at) for end in (parent, commit)
        ]
        told = git("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-ext-diff", *ends, at=at)
    except GitFailed as error:
        raise UserError(f"{parent}, {commit}: no commits of the repository in {at[1]} ({error})") from None
    words = told.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return {name: about.split(" ")[1] for about, name in zip(words[::2], words[1::2], strict=True)}
