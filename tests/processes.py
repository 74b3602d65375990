"""Commands of ours in processes of their own, which may be stopped or killed at a chosen moment.

A process is forked from a server that has imported what is heavy, so that it begins at once instead of in seconds.
Moments are counted in what a process does to files, and it strikes itself: nothing waits, watches or uses a clock.
"""

from __future__ import annotations

import os
import re
import runpy
import signal
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal

ROOT = Path(__file__).parents[1]
_FORKSERVER = get_context("forkserver")
_FORKSERVER.set_forkserver_preload(["tests.heavy"])


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When a process is struck: just before it does something to a file for the `number`-th time."""

    does: Literal["open", "os.rename", "os.remove"] = "open"
    """`open` counts where it is for writing; `os.rename` is what `os.replace` does too."""
    path: str
    """A regular expression for the file's whole path: that before renaming."""
    number: int = 1
    signal: signal.Signals = signal.SIGKILL


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What is left of a process."""

    code: int
    """Its exit code; minus the number of the signal that killed it."""
    output: str
    """What it wrote to stdout and stderr."""


def run(script: str, *words: object, at: Moment | None = None) -> Ended:
    """`python SCRIPT WORDS` in this environment and folder, until it ends.

    The signal of `at` goes to the command itself, also where the moment comes in a worker that it has forked.
    """
    with NamedTemporaryFile() as output:
        given = (ROOT / script, list(map(str, words)), dict(os.environ), output.name, at)
        process = _FORKSERVER.Process(target=_command, args=given)
        process.start()
        process.join()
        assert process.exitcode is not None
        return Ended(code=process.exitcode, output=output.read().decode())


def run_together(number: int, script: str, *words: object, at: Moment | None = None, **environment: str) -> list[Ended]:
    """The command in `number` processes that train together, as torchrun would start them; `at` strikes the first.

    `environment` is what a launcher says besides. There is none, so that no process is ended where another fails.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    common = os.environ | environment | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with ExitStack() as files:
        outputs = [files.enter_context(NamedTemporaryFile()) for _ in range(number)]
        started = []
        for rank, output in enumerate(outputs):
            place = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
            place |= dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), str(number))
            given = (ROOT / script, list(map(str, words)), common | place, output.name, None if rank else at)
            started.append(_FORKSERVER.Process(target=_command, args=given))
            started[-1].start()
        for process in started:
            process.join()
        codes = [process.exitcode for process in started]
        assert None not in codes
        return [
            Ended(code=code or 0, output=output.read().decode()) for code, output in zip(codes, outputs, strict=True)
        ]


def _command(script: Path, words: list[str], environment: dict[str, str], output: str, at: Moment | None) -> None:
    with open(output, "wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv, sys.path[0] = [str(script), *words], str(script.parent)
    if at:
        sys.addaudithook(_Fate(at))
    runpy.run_path(str(script), run_name="__main__")


class _Fate:
    """Strikes when its moment has come, which every forked worker counts for itself."""

    def __init__(self, at: Moment) -> None:
        self._at, self._left, self._process = at, at.number, os.getpid()

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        if event != self._at.does or isinstance(given[0], int):
            return
        if event == "open" and not given[2] & (os.O_WRONLY | os.O_RDWR):
            return
        if re.fullmatch(self._at.path, os.fsdecode(given[0])):
            self._left -= 1
            if not self._left:
                os.kill(self._process, self._at.signal)
