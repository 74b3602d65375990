"""Commands that begin at once: forked from a process that has imported what would take each of them seconds.

A round of a loop on a small model is a few commands of a few seconds each, and as long again was spent on imports. What
is run is the same file with the same words, in a process of its own, and ends in the same bytes.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from multiprocessing import get_all_start_methods, get_context
from types import FrameType

from espalier.artifacts.paths import repo_root
from espalier.command_line.processes import environment_of_one
from espalier.command_line.subcommand import run_command

_PRELOADED = "espalier.loops.heavy"


def run_warm(script: str, *arguments: str) -> int:
    """As `run_command` does, run `python SCRIPT ARGUMENTS` and return its exit code, 128 + n for death by signal n.

    Signals that ask this process to stop are passed on. Where nothing can be forked it is `run_command`.
    """
    if "forkserver" not in get_all_start_methods():
        return run_command(script, *arguments)
    context = get_context("forkserver")
    context.set_forkserver_preload([_PRELOADED])
    process = context.Process(target=_command, args=(script, arguments, environment_of_one()))

    def pass_on(number: int, frame: FrameType | None) -> None:
        if process.pid and not (number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty()):
            os.kill(process.pid, number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        process.start()
        process.join()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert process.exitcode is not None
    return 128 - process.exitcode if process.exitcode < 0 else process.exitcode


def _command(script: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """In the forked process: be the command."""
    os.environ.clear()
    os.environ.update(environment)
    path = repo_root() / script
    sys.argv, sys.path[0] = [str(path), *arguments], str(path.parent)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    runpy.run_path(str(path), run_name="__main__")
