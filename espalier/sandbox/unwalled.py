"""Where there are no walls and the user typed that they can do without: limits, and nothing more."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from espalier.sandbox.inside.request import Bounds, unpack
from espalier.sandbox.inside.walls import GIVEN
from espalier.sandbox.kin import Use
from espalier.sandbox.limits import Limits
from espalier.sandbox.outcome import Ending, Outcome, Told, outcome_of
from espalier.sandbox.place import ENVIRONMENT, PYTHON


class Unwalled:
    """In place of a keeper. What it runs can read and change all that the user can."""

    closed = False

    def __init__(self, hash_seed: int) -> None:
        self._environment = {**ENVIRONMENT, "PYTHONHASHSEED": str(hash_seed)}

    def run(self, payload: bytes, limits: Limits) -> Outcome:
        """Run what the bytes of a request ask for, in an empty folder that vanishes."""
        request, stdin, given = unpack(payload)
        with tempfile.TemporaryDirectory(prefix="espalier-") as name:
            folder = Path(name)
            for path, content in given.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            argv = request["argv"] or [PYTHON, "-S", "-s", f"{GIVEN}/program.py"]
            argv = [word.replace(f"{GIVEN}/", f"{name}/") for word in argv]
            environment = {**request["environment"], **self._environment}
            return run_watched(argv, folder, environment, stdin, request["bounds"], limits)

    def close(self) -> None:
        """Nothing is kept."""


def run_watched(
    argv: list[str], folder: Path, environment: dict[str, str], stdin: bytes, bounds: Bounds, limits: Limits
) -> Outcome:
    """Run a command in that folder, with limits and nothing more; what it left behind in its group is ended."""
    began, stopped, left = time.monotonic(), None, False
    # A forked process begins with this one's peak, so that what it used itself is known only where it is more.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        typed.write(stdin)
        typed.seek(0)
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env={**environment, "HOME": str(folder), "TMPDIR": str(folder)},
            stdin=typed,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=lambda: _limit(bounds, limits),
        )
        ended = None
        try:
            ended = _ended(process.pid, began + limits.wall_seconds)
            stopped = None if ended else Ending.WALL_TIME
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # what it left behind in its group
                left = ended is not None
            except ProcessLookupError:
                pass
            status, usage = ended or os.wait4(process.pid, 0)[1:]
            process.returncode = os.waitstatus_to_exitcode(status)
        written = [file.seek(0, os.SEEK_END) for file in (stdout, stderr)]
        kept = []
        for file in (stdout, stderr):
            file.seek(0)
            kept.append(file.read(limits.output))
    if sum(written) >= limits.output:
        stopped = Ending.OUTPUT
    return outcome_of(
        stopped,
        None,
        Told(
            status=status,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            memory=(usage.ru_maxrss << (10 if sys.platform == "linux" else 0)) if usage.ru_maxrss > before else 0,
            run_on=left,
        ),
        full=False,
        stdout=kept[0],
        stderr=kept[1],
        cut=sum(written) >= limits.output,
        wall_seconds=time.monotonic() - began,
        use=Use(),
        limits=limits,
    )


def _ended(pid: int, until: float) -> tuple[int, resource.struct_rusage] | None:
    """Its status and what it used, once it has ended; None where it has not by then."""
    pause = 0.001
    while True:
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            return status, usage
        left = until - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause := min(2 * pause, 0.05), left))


def _limit(bounds: Bounds, limits: Limits) -> None:
    largest = max(bounds["file_size"], limits.output)
    resource.setrlimit(resource.RLIMIT_CPU, (bounds["cpu_seconds"], bounds["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (bounds["memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    resource.setrlimit(resource.RLIMIT_NOFILE, (bounds["open_files"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
