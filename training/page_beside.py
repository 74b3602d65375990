"""The exploration page beside a training: a process of its own, of which the training knows no more than that it ends.

It reads the run's files, and is told nothing. Where it cannot begin, or crashes, training goes on as if it had not been
asked for; where the training is killed, it sees that its parent is gone, and ends too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from espalier.artifacts.paths import repo_root
from espalier.command_line.console import say
from espalier.command_line.processes import environment_of_one

_PAGE = "explore/run.py"
_TO_THE_END_S = 5.0


@contextmanager
def page_beside(run: str) -> Iterator[None]:
    """Within, a page shows the run `run`; it says by itself where."""
    command = [sys.executable, str(repo_root() / _PAGE), run, "--beside_training", str(os.getpid())]
    try:
        process = subprocess.Popen(command, env=environment_of_one(), stdin=subprocess.DEVNULL)
    except OSError as error:
        say(f"note: the page could not be started ({error.strerror}); training goes on without it")
        yield
        return
    try:
        yield
    finally:
        if process.poll() is not None:
            say(
                f"note: the page ended by itself, with code {process.returncode}; espalier explore {run} shows it again"
            )
        process.terminate()
        try:
            process.wait(_TO_THE_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
