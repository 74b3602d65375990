"""Another of our commands, in a process of its own: what one command needs of another travels as an artifact."""

import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from espalier.artifacts.paths import repo_root
from espalier.command_line.processes import environment_of_one


def run_command(script: str, *arguments: str, home: Path | None = None) -> int:
    """Run `python SCRIPT ARGUMENTS` (`stage1/train.py`) and return its exit code, 128 + n for death by signal n.

    It runs by itself, also where this process is one of several that train together; in another `home` of artifacts
    where one is given.

    A signal that asks this process to stop is passed on, and the other command stops as it does by itself, with a
    checkpoint. Ctrl+C on a terminal reaches both, so it is only passed on where there is none.
    """
    started: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        if not started:
            early.append(number)
        elif not (number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty()):
            started[0].send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        command = [sys.executable, str(repo_root() / script), *arguments]
        elsewhere = {"ESPALIER_HOME": str(home)} if home else {}
        process = subprocess.Popen(command, env=environment_of_one() | elsewhere)
        started.append(process)
        for number in early:
            process.send_signal(number)
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code
