"""Many programs that a model wrote, each in a world of its own, a few at a time."""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple

from espalier.sandbox.inside.request import Bounds, pack
from espalier.sandbox.inside.walls import GIVEN
from espalier.sandbox.limits import Limits
from espalier.sandbox.outcome import Outcome
from espalier.sandbox.place import ENVIRONMENT
from espalier.sandbox.program import LANGUAGES, Program, command_for
from espalier.sandbox.support import begin
from espalier.sandbox.unwalled import Unwalled
from espalier.sandbox.worker import Keeper

_SPARE_TASKS = 8
"""Processes and threads are counted outside; the kernel's own limit, which counts keepers too, lies above that."""


class Twice(NamedTuple):
    """A program that was run twice."""

    first: Outcome
    second: Outcome

    @property
    def same(self) -> bool:
        """Whether it ended alike and printed the same. What it wrote to stderr does not count."""
        return all(
            getattr(self.first, name) == getattr(self.second, name)
            for name in ("ended", "exit_code", "signal_name", "stdout")
        )


class Pool:
    """Warm keepers that fork a process for each program. May be used from several threads at a time.

    What a program does depends neither on which of them runs it nor on what ran before.
    """

    def __init__(
        self, limits: Limits | None = None, *, workers: int | None = None, hash_seed: int = 0, unsafe: bool = False
    ) -> None:
        """So many `workers` run a program at a time, by default one for each core.

        `hash_seed` is Python's, which decides in which order a set is printed. UserError where there can be no walls;
        `unsafe` is for those who typed that they want to run such programs all the same.
        """
        self.limits = limits or Limits()
        self.workers = workers or len(os.sched_getaffinity(0))
        self._hash_seed = hash_seed
        self._unsafe, self._lock = unsafe, threading.Lock()
        self._contrast: Pool | None = None
        self._idle: queue.SimpleQueue[Keeper | Unwalled | None] = queue.SimpleQueue()
        self._idle.put(self._begin())  # the others begin when they are needed
        for _ in range(self.workers - 1):
            self._idle.put(None)

    def run(self, program: Program) -> Outcome:
        """Run it, when a keeper is free, until nothing of it is left. UserError where its language is not installed."""
        payload = _payload(program, self.limits)
        kept = self._idle.get()
        try:
            kept = kept or self._begin()
            outcome = kept.run(payload, self.limits)
        except BaseException:
            if kept is not None:
                kept.close()
            self._idle.put(None)
            raise
        self._idle.put(None if kept.closed else kept)
        return outcome

    def map(self, programs: Iterable[Program]) -> Iterator[Outcome]:
        """Run them, as many at a time as there are workers: their outcomes, in their order."""
        with ThreadPoolExecutor(self.workers) as threads:
            yield from threads.map(self.run, programs)

    def run_twice(self, program: Program) -> Twice:
        """Run it once more with other addresses and another order of sets: does it always print the same?"""
        with self._lock:
            if self._contrast is None:
                self._contrast = Pool(
                    self.limits, workers=self.workers, hash_seed=self._hash_seed + 1, unsafe=self._unsafe
                )
        return Twice(self.run(program), self._contrast.run(program))

    def close(self) -> None:
        """End the keepers. Nothing may be running."""
        if self._contrast is not None:
            self._contrast.close()
        for _ in range(self.workers):
            if (kept := self._idle.get()) is not None:
                kept.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _begin(self) -> Keeper | Unwalled:
        return begin(hash_seed=self._hash_seed, unsafe=self._unsafe)


def _payload(program: Program, limits: Limits) -> bytes:
    command = command_for(program.language)
    given = {program.file_name: program.source.encode("utf-8", "surrogatepass"), **program.files}
    return pack(
        {
            "argv": command and [*command, f"{GIVEN}/{program.file_name}"],
            "environment": ENVIRONMENT,
            "bounds": bounds_of(limits, addresses=LANGUAGES[program.language].command is None),
            "links": list(program.files),
        },
        program.stdin,
        given,
    )


def bounds_of(limits: Limits, addresses: bool) -> Bounds:
    """The limits as the kernel holds them for each process; what holds for all of them together is watched outside."""
    return {
        "cpu_seconds": math.ceil(limits.cpu_seconds),
        "memory": limits.memory,
        "space_of_addresses": addresses,
        "tasks": limits.processes + _SPARE_TASKS,
        "file_size": limits.file_size,
        "open_files": limits.open_files,
        "space": limits.space,
        "num_files": limits.num_files,
    }
