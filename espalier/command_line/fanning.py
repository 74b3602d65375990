"""Commands of ours that do not wait for each other: several at once on this machine, or over a Ray cluster.

Each runs by itself, as if it were alone, and so ends in the same bytes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from espalier.artifacts.paths import repo_root, workspace
from espalier.command_line.processes import environment_of_one

_TAIL = 3000


class Ended(NamedTuple):
    """What became of a command."""

    name: str
    code: int
    """Its exit code."""
    tail: str
    """The end of what it said."""


def run_several(commands: Mapping[str, Sequence[str]], jobs: int) -> Iterator[Ended]:
    """Run commands by name, each a script and its words, `jobs` of them at once; each as it ends.

    Whatever stops this process stops them too, as they stop by themselves.
    """
    begun: list[subprocess.Popen[bytes]] = []

    def run(command: Sequence[str]) -> tuple[int, str]:
        process = _begin(command, Path.cwd())
        begun.append(process)
        return _finish(process)

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    with ThreadPoolExecutor(jobs) as pool:
        waiting: dict[Future[tuple[int, str]], str] = {pool.submit(run, each): name for name, each in commands.items()}
        try:
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for each in done:
                    yield Ended(waiting.pop(each), *each.result())
        finally:
            signal.signal(signal.SIGTERM, before)
            for each in waiting:
                each.cancel()
            for process in begun:
                if process.poll() is None:
                    process.terminate()


def run_on_cluster(ray: Any, commands: Mapping[str, Sequence[str]], threads: int) -> Iterator[Ended]:
    """The same over a Ray cluster that is connected (`espalier.cluster.connect`), as many at once as it has processors
    for, `threads` each."""
    waiting = {begin_on(ray, command, threads=threads): name for name, command in commands.items()}
    try:
        while waiting:
            (ready, *_), _ = ray.wait(list(waiting), num_returns=1)
            yield Ended(waiting.pop(ready), *result_of(ray, ready))
    finally:
        for reference in waiting:
            ray.cancel(reference, force=True)


def begin_on(ray: Any, command: Sequence[str], *, threads: int = 1, on_gpu: bool = False) -> Any:
    """Begin a command on a cluster whose nodes see the same files; Ray's reference to what `result_of` gives."""
    where = {"env_vars": {"ESPALIER_HOME": str(workspace())}}
    remote = ray.remote(num_cpus=threads, num_gpus=int(on_gpu), max_retries=0, runtime_env=where)(_run)
    return remote.remote(list(command), str(Path.cwd()))


def result_of(ray: Any, reference: Any) -> tuple[int, str]:
    """A command's exit code and the end of what it said, once it has ended; 2 where its worker was lost."""
    try:
        code, tail = ray.get(reference)
    except ray.exceptions.RayError as error:
        return 2, f"its worker was lost ({type(error).__name__}); the same command goes on where it was\n"
    return int(code), str(tail)


def _run(command: list[str], folder: str) -> tuple[int, str]:
    """In a worker: the command by itself."""
    return _finish(_begin(command, Path(folder)))


def _begin(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, str(repo_root() / command[0]), *command[1:]]
    return subprocess.Popen(
        words, cwd=folder, env=environment_of_one(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _finish(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    said = process.communicate()[0]
    return process.returncode, said.decode(errors="replace")[-_TAIL:]
