"""How a program ended, told by the process outside: nothing here is what the program said of itself, but its output."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from espalier.sandbox.kin import Use
from espalier.sandbox.limits import Limits


class Ending(StrEnum):
    """How it ended. All but the first four are limits and walls that it ran into, and which ended it."""

    OK = "ok"
    """Exit code 0."""
    FAILED = "failed"
    """Another exit code, `exit_code`."""
    SIGNAL = "killed by a signal"
    """One that it sent itself or that a fault sent it, `signal_name`."""
    LOST = "lost"
    """Something outside ended it, such as a machine without memory: run it again."""
    CPU_TIME = "out of processor time"
    WALL_TIME = "timed out"
    MEMORY = "out of memory"
    OUTPUT = "too much output"
    PROCESSES = "too many processes"
    FILE_SIZE = "too large a file"
    SPACE = "too many or too large files"
    NETWORK = "tried the network"
    FORBIDDEN = "tried what is forbidden"
    """`tried` says what."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a program wrote and used until it ended."""

    ended: Ending
    exit_code: int | None
    """None where a signal ended it."""
    signal_name: str | None
    """Such as SIGSEGV; None where it left by itself."""
    tried: str | None
    """Under which name what it tried is forbidden."""
    stdout: bytes
    """As it came, up to the limit."""
    stderr: bytes
    cut: bool
    """Whether there was more output than is kept."""
    cpu_seconds: float
    wall_seconds: float
    peak_memory: int
    """Bytes of its largest process, as far as was seen; about 15 MB of a Python program's are the interpreter."""
    left_behind: bool
    """Whether processes that it had started ran on when it had ended by itself. They were ended then."""

    @property
    def ok(self) -> bool:
        """Whether it came to its end with exit code 0."""
        return self.ended is Ending.OK

    @property
    def text(self) -> str:
        """Its stdout as UTF-8, with a mark in place of what is none."""
        return self.stdout.decode("utf-8", "replace")

    def __str__(self) -> str:
        detail = {
            Ending.FAILED: f" with exit code {self.exit_code}",
            Ending.SIGNAL: f", {self.signal_name}",
            Ending.FORBIDDEN: f": {self.tried}",
        }
        return f"{self.ended}{detail.get(self.ended, '')}"


_INTERPRETER = 128 << 20
"""Bytes of memory that are no program's own: the largest of the interpreters takes 90 MB for itself."""

_LAST_WORDS = (b"MemoryError", b"JavaScript heap out of memory", b"Out of memory", b"annot allocate memory")
"""What runtimes say when they are given no more memory. A program that says so of itself has failed either way."""


class Told(NamedTuple):
    """What the first process of a program's world says of it."""

    status: int
    """As wait(2) gives it."""
    cpu_seconds: float
    memory: int
    """Bytes of the largest process."""
    run_on: bool = False
    """Whether it left processes that ran on."""


def outcome_of(
    stopped: Ending | None,
    tried: str | None,
    told: Told | None,
    *,
    full: bool,
    stdout: bytes,
    stderr: bytes,
    cut: bool,
    wall_seconds: float,
    use: Use,
    limits: Limits,
) -> Outcome:
    """What it comes to: why it was `stopped` from outside, or else the status that was `told` of it."""
    status = told and told.status
    exit_code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None
    number = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
    cpu_seconds = max(use.cpu_seconds, told.cpu_seconds if told else 0.0)
    if stopped is not None:
        ended = stopped
    elif told and told.memory > limits.memory + _INTERPRETER:  # for less time than lies between two looks
        ended = Ending.MEMORY
    elif exit_code is not None:
        ended = _left(exit_code, stderr, full)
    elif number is not None:
        ended = _killed(number, stderr, late=cpu_seconds >= limits.cpu_seconds)
        tried = "calls of another architecture" if ended is Ending.FORBIDDEN else tried
    else:
        ended = Ending.LOST
    return Outcome(
        ended=ended,
        exit_code=exit_code,
        signal_name=None if number is None else _name(number),
        tried=tried if ended is Ending.FORBIDDEN else None,
        stdout=stdout,
        stderr=stderr,
        cut=cut,
        cpu_seconds=cpu_seconds,
        wall_seconds=wall_seconds,
        peak_memory=int(max(use.memory, told.memory if told else 0)),
        left_behind=told is not None and told.run_on,
    )


def _left(exit_code: int, stderr: bytes, full: bool) -> Ending:
    if exit_code == 0:
        return Ending.OK
    if full:
        return Ending.SPACE
    return Ending.MEMORY if _out_of_memory(stderr) else Ending.FAILED


def _killed(number: int, stderr: bytes, late: bool) -> Ending:
    if number == signal.SIGXCPU or (number == signal.SIGKILL and late):
        return Ending.CPU_TIME
    if number == signal.SIGXFSZ:
        return Ending.FILE_SIZE
    if number == signal.SIGSYS:
        return Ending.FORBIDDEN
    return Ending.MEMORY if _out_of_memory(stderr) else Ending.SIGNAL


def _out_of_memory(stderr: bytes) -> bool:
    return any(words in stderr[-4096:] for words in _LAST_WORDS)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
