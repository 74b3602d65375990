"""What a program and all that it started use, as the kernel tells the process outside."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

_TICKS, _KIB = os.sysconf("SC_CLK_TCK"), 1024
_HELD = re.compile(rb"^(?:RssAnon|RssShmem|VmPTE|VmSwap):\s+(\d+) kB", re.MULTILINE)
_THREADS = re.compile(rb"^Threads:\s+(\d+)", re.MULTILINE)


class Use(NamedTuple):
    """Of a process and all below it."""

    tasks: int = 0
    cpu_seconds: float = 0.0
    memory: int = 0
    """Bytes that were written, and the tables for them, besides what every fork of the first process has in common."""

    def with_other(self, other: Use) -> Use:
        """Of both."""
        return Use(self.tasks + other.tasks, self.cpu_seconds + other.cpu_seconds, self.memory + other.memory)

    def at_most(self, other: Use) -> Use:
        """The larger of each figure."""
        return Use(
            max(self.tasks, other.tasks),
            max(self.cpu_seconds, other.cpu_seconds),
            max(self.memory, other.memory),
        )


def use_of(pid: int) -> Use:
    """Of that process, which may have ended meanwhile, and all below it."""
    use, ahead, common = Use(), [pid], 0
    while ahead:
        pid = ahead.pop()
        try:
            alone = _alone(pid)
            ahead += _children(pid)
        except (OSError, ValueError):
            continue
        common = common or alone.memory
        use = use.with_other(alone._replace(memory=max(0, alone.memory - common)))
    return use


def _alone(pid: int) -> Use:
    status, stat = _read(f"/proc/{pid}/status"), _read(f"/proc/{pid}/stat")
    times = stat.rpartition(b")")[2].split()[11:15]  # its own, and those of children it waited for
    threads = _THREADS.search(status)
    return Use(
        tasks=int(threads[1]) if threads else 1,
        cpu_seconds=sum(map(int, times)) / _TICKS,
        memory=sum(map(int, _HELD.findall(status))) * _KIB,
    )


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
        found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 16)
    finally:
        os.close(descriptor)
