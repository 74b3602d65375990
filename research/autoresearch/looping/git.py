"""git, as the loop runs it: nothing of a repository's or a user's settings decides what it does, or is run by it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from espalier.errors import UserError

_PLAIN = {
    "core.hooksPath": os.devnull,  # an experiment could have planted one
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "worktree.useRelativePaths": "false",
    "core.quotePath": "false",
    "commit.gpgSign": "false",
    "gc.auto": "0",
    "gc.autoDetach": "false",
    "advice.detachedHead": "false",
    "user.name": "autoresearch",
    "user.email": "autoresearch@localhost",
}


class GitFailed(Exception):
    """git has said no; the message is what it said."""


def git(*words: str, at: Sequence[str], stdin: bytes = b"", environment: dict[str, str] | None = None) -> bytes:
    """What `git WORDS` prints, in the repository that the words `at` say: `-C FOLDER`, or `--git-dir` and more.

    GitFailed where it fails, UserError where there is no git.
    """
    settings = [word for key, value in _PLAIN.items() for word in ("-c", f"{key}={value}")]
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    own |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **(environment or {})}
    try:
        done = subprocess.run(["git", *settings, *at, *words], input=stdin, capture_output=True, env=own, check=False)
    except FileNotFoundError:
        raise UserError("git is not installed, and experiments are commits: install it (apt-get install git)") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        if "No space left on device" in said:
            raise UserError(
                f"disk full (git: {said.splitlines()[-1]}). Free some space, then run the same command again"
            )
        raise GitFailed(f"git {words[0]}: {said or f'exit code {done.returncode}'}")
    return done.stdout


def said(*words: str, at: Sequence[str]) -> str:
    """As `git`, what is printed as a text without the end of its last line."""
    return git(*words, at=at).decode("utf-8", "surrogateescape").rstrip("\n")


def remove_tree(folder: Path) -> None:
    """Remove a folder, also where something in it was made hard to remove."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    if not folder.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for home, _, _ in os.walk(folder):
            Path(home).chmod(0o700)
        shutil.rmtree(folder)
