"""A coding agent, started anew for each experiment: any command that reads what it is to do from its standard input."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from research.autoresearch.looping.git import GitFailed, said
from research.autoresearch.proposing.base import History, NothingProposed, Proposal
from research.autoresearch.proposing.supervising import BEGIN, LATE
from research.autoresearch.proposing.words import said_words, told_history
from research.autoresearch.tasks import HOME, Task

_FIRST, _LAST = 4 << 10, 24 << 10
"""Bytes of what an agent prints that are kept."""
_GRACE_S = 10.0
_HISTORY = 40_000
"""Characters of the history that an agent is told; all of it lies beside it."""
_PART = """
---

# Your part, now

You are asked for experiment {number} by `loop.py`. It does the rest of the loop: it checks your change, commits it,
trains, measures, logs, and keeps or reverts it. Do not do any of that. You are in the worktree, on its branch.

- Make one change to `{path}`, for one reason. No other file of the repository may change.
- Leave the change uncommitted, or make one commit of it; two are refused.
- You have {minutes:g} minutes. All that you started ends when you do. Nobody answers questions.
- You may try whether it runs, for some seconds. What it comes to is measured by the loop alone.
- End what you print with a line that begins with `description:` (what you changed, in a few words) and one that begins
  with `hypothesis:` (why validation should get better).

# The experiments so far

All of them, with everything that is known, are lines of `results-{task}.jsonl` in this folder, which you may read.

{history}
"""


class Ended(NamedTuple):
    """What is left of an agent."""

    how: str
    """Its exit code, `late`, or why it did not begin."""
    output: str
    """What it printed, in the middle cut."""


class AgentProposer:
    """Asks a command."""

    def __init__(self, command: str, task: Task, *, minutes: float = 30.0) -> None:
        """`command` is split as a shell would, and no shell runs it. UserError where there is no such command."""
        try:
            self._argv = shlex.split(command)
        except ValueError as error:
            raise UserError(f"--agent {command}: {error}") from None
        if not self._argv or shutil.which(self._argv[0]) is None:
            raise UserError(f"--agent {command}: no such command; name one that is on the PATH, or its whole path")
        self._command, self._task, self._minutes = command, task, minutes

    @property
    def name(self) -> str:
        """Its program's name, and no more: a command may hold keys."""
        return f"agent:{Path(self._argv[0]).name}"

    def propose(self, worktree: Path, history: History, number: int, seed: int) -> Proposal:
        """A change, committed or not. NothingProposed where the agent fails, takes too long or changes nothing."""
        where = ("-C", str(worktree))
        before = said("rev-parse", "HEAD", at=where)
        ended = run_agent(self._argv, worktree, self._told(history, number), 60 * self._minutes)
        details = {"output": ended.output, "exit": ended.how}
        if ended.how == LATE:
            raise NothingProposed(f"the agent took more than {self._minutes:g} minutes and was ended", details)
        if ended.how != "0":
            raise NothingProposed(f"the agent failed: {ended.how}", details)
        description, hypothesis = said_words(ended.output.splitlines())
        try:
            committed = said("rev-parse", "HEAD", at=where) != before
            if not committed and not said("status", "--porcelain", "--", self._task.training, at=where):
                raise NothingProposed("the agent changed nothing", details)
            if committed:
                description = description or said("log", "-1", "--format=%s", at=where)
                hypothesis = hypothesis or said("log", "-1", "--format=%b", at=where)
        except GitFailed as error:
            raise NothingProposed(f"the agent left no repository behind: {error}", details) from None
        return Proposal(
            description=description or f"a change that {self.name} did not describe",
            hypothesis=hypothesis,
            kind="agent",
            details=details,
        )

    def close(self) -> None:
        """Holds nothing: no agent outlives its turn."""

    def _told(self, history: History, number: int) -> bytes:
        contract = (repo_root() / HOME / "program.md").read_text(encoding="utf-8")
        part = _PART.format(
            number=number,
            path=self._task.training,
            minutes=self._minutes,
            task=self._task.name,
            history=told_history(history, _HISTORY),
        )
        return (contract + part).encode()


def run_agent(
    argv: Sequence[str], folder: Path, told: bytes, seconds: float, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command in a folder until it ends or its time is up, and end all that it started, however that hides.

    It runs with the rights and the environment of whoever started us, as it would from their prompt, but for what git
    is told there: nothing can be pushed.
    """
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as stdin:
        stdin.write(told)
        stdin.seek(0)
        with theirs:
            words = [str(repo_root()), str(theirs.fileno()), str(seconds), str(folder), *argv]
            process = subprocess.Popen(
                [sys.executable, "-c", BEGIN, *words],
                cwd="/",
                env={**os.environ, **(environment or {}), **_no_push()},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # no terminal to ask at, and Ctrl+C is ours
            )
        assert process.stdout is not None
        output = _Output(process.stdout)
        try:
            how = ours.recv(4096).decode() or "it ended whoever watched over it"
        finally:
            ours.close()  # where we are interrupted, this ends it
            process.wait()
            text = output.text()
    return Ended(how, text)


class _Output:
    """What a process prints, read on the side: its beginning and its end are kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._first, self._last, self._size = bytearray(), bytearray(), 0
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def text(self) -> str:
        """All that is kept, when the last who could print is gone, or hides too well to be waited for."""
        self._thread.join(_GRACE_S)
        left_out = self._size - len(self._first) - len(self._last)
        cut = f"\n[{left_out:,} bytes left out]\n".encode() if left_out else b""
        return bytes(self._first + cut + self._last).decode("utf-8", "replace")

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := os.read(stream.fileno(), 1 << 16):
                self._size += len(chunk)
                room = _FIRST - len(self._first)
                self._first += chunk[:room]
                self._last = (self._last + chunk[room:] if room < len(chunk) else self._last)[-_LAST:]


def _no_push() -> dict[str, str]:
    """Settings for git that send whatever is pushed nowhere."""
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    return {
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": "url.no-push::.pushInsteadOf",
        f"GIT_CONFIG_VALUE_{count}": "",
        "GIT_TERMINAL_PROMPT": "0",
    }
