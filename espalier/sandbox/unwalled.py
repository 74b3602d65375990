"""Where there are no walls and the user typed that they can do without: limits, and nothing more."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
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
        with tempfile.TemporaryDirectory(prefix="espalier-") as name, tempfile.TemporaryFile() as typed:
            typed.write(stdin)
            typed.seek(0)
            folder = Path(name)
            for path, content in given.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            argv = request["argv"] or [PYTHON, "-S", "-s", f"{GIVEN}/program.py"]
            argv = [word.replace(f"{GIVEN}/", f"{name}/") for word in argv]
            return _watched(
                argv, folder, {**request["environment"], **self._environment}, typed.fileno(), request["bounds"], limits
            )

    def close(self) -> None:
        """Nothing is kept."""


def _watched(
    argv: list[str], folder: Path, environment: dict[str, str], stdin: int, bounds: Bounds, limits: Limits
) -> Outcome:
    began, stopped = time.monotonic(), None
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env={**environment, "HOME": str(folder), "TMPDIR": str(folder)},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=lambda: _limit(bounds, limits),
        )
        try:
            process.wait(limits.wall_seconds)
        except subprocess.TimeoutExpired:
            stopped = Ending.WALL_TIME
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # what it left behind in its group
            except ProcessLookupError:
                pass
            status = process.wait()
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
        Told(status=-status if status < 0 else status << 8, cpu_seconds=0.0, memory=0),
        full=False,
        stdout=kept[0],
        stderr=kept[1],
        cut=sum(written) >= limits.output,
        wall_seconds=time.monotonic() - began,
        use=Use(),
        limits=limits,
    )


def _limit(bounds: Bounds, limits: Limits) -> None:
    largest = max(bounds["file_size"], limits.output)
    resource.setrlimit(resource.RLIMIT_CPU, (bounds["cpu_seconds"], bounds["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (bounds["memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    resource.setrlimit(resource.RLIMIT_NOFILE, (bounds["open_files"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
