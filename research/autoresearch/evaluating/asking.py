"""Ask an experiment's model in the sandbox: it sees the inputs of one question and gives answers back as a file."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.sandbox import PROCESSOR, Outcome, run_command
from research.autoresearch.evaluating import checkpoint
from research.autoresearch.inside.answering import ANSWERS, SAID
from research.autoresearch.naming import Named, check_outcome
from research.autoresearch.running import MEMORY, limits_of, surroundings
from research.autoresearch.staging import command, stage
from research.autoresearch.tasks import Task

IN_EVALUATION = " when it is evaluated"
LOADING = 6.0
"""Seconds of processor that a question about a part may take beside its share: Python, torch and a checkpoint take two.
Without that bound a training could go on where its model is loaded, for as long as an evaluation may take."""
_LARGEST_SAID = 1 << 16


@dataclass(kw_only=True)
class Asker:
    """Asks one experiment's model, each time in a sandbox of its own, which knows nothing of the others."""

    task: Task
    staged: Path
    """The experiment's file with what it may import."""
    model: Path
    """A folder with the checkpoint alone."""
    threads: int
    walls: bool
    device: str
    wall_seconds: float
    seconds: list[float] = field(default_factory=list)
    """What each question took, by the clock."""
    cpu_seconds: list[float] = field(default_factory=list)
    """Of the processor."""

    @contextmanager
    def ask(
        self, kind: str, inputs: bytes, *, share: float | None = None, **request: Any
    ) -> Iterator[tuple[Mapping[str, Any], Path]]:
        """What the model says of itself, and the file of its answers, which vanishes. Named where it gives none.

        With `share` it may use of the processor that part of what the first question took, and `LOADING` more.
        """
        began = time.monotonic()
        limits = limits_of(self.wall_seconds, self.threads, MEMORY if self.walls else None)
        if share is not None:
            limits = replace(limits, cpu_seconds=min(limits.cpu_seconds, LOADING + share * self.cpu_seconds[0]))
        with tempfile.TemporaryDirectory(prefix="autoresearch-") as name:
            folder = Path(name).resolve()
            question, left = folder / "question", folder / "left"
            question.mkdir()
            left.mkdir()
            told = {"kind": kind, "threads": self.threads, "device": self.device, **request}
            (question / "request.json").write_text(json.dumps(told), encoding="utf-8")
            (question / "inputs.bin").write_bytes(inputs)
            module = self.task.training.removesuffix(".py").replace("/", ".")
            done = run_command(
                command(self.staged, "answering", module, str(question), str(self.model), str(self.staged)),
                readable=[Path(sys.prefix), self.staged, self.model, question, *PROCESSOR],
                writable=left,
                limits=limits,
                environment=surroundings(self.threads, self.walls),
                walls=self.walls,
            )
            self._check(done.outcome, done.refused)
            said = _said(left / SAID)
            self.seconds.append(time.monotonic() - began)
            self.cpu_seconds.append(done.outcome.cpu_seconds)
            yield said, left / ANSWERS

    @contextmanager
    def with_other_checkpoint(self) -> Iterator[Asker]:
        """The same with a copy of the checkpoint, in `model`, that may be changed."""
        with tempfile.TemporaryDirectory(prefix="autoresearch-") as name:
            model = Path(name).resolve() / "model"  # the temporary folder itself is readable by nobody else
            model.mkdir()
            shutil.copyfile(self.model / checkpoint.NAME, model / checkpoint.NAME)
            yield replace(self, model=model)

    def _check(self, outcome: Outcome, refused: Mapping[str, str]) -> None:
        check_outcome(outcome, IN_EVALUATION)
        if outcome.left_behind:
            raise Named(f"left processes behind{IN_EVALUATION}")
        if ANSWERS in refused or SAID in refused:
            raise Named("gives no answers", f"{ANSWERS}: {refused.get(ANSWERS) or refused.get(SAID)}")


@contextmanager
def asker(
    task: Task, source: Path, folder: Path, *, threads: int, walls: bool, device: str, wall_seconds: float
) -> Iterator[Asker]:
    """Asks the model of the checkpoint in `folder` with the editable file of `source`."""
    with tempfile.TemporaryDirectory(prefix="autoresearch-") as name:
        staged, model = Path(name).resolve() / "tree", Path(name).resolve() / "model"
        stage(task, source, staged)
        model.mkdir()
        _copy(folder / checkpoint.NAME, model / checkpoint.NAME)
        yield Asker(
            task=task, staged=staged, model=model, threads=threads, walls=walls, device=device,
            wall_seconds=wall_seconds,
        )  # fmt: skip


def numbers(path: Path, shape: tuple[int, ...], kind: str) -> NDArray[Any]:
    """The answers, of this shape and kind. Named where the file holds another number of them."""
    wanted = int(np.prod(shape)) * np.dtype(kind).itemsize
    size = path.stat().st_size if path.is_file() else 0
    if size != wanted:
        raise Named("gives answers of another shape", f"{size:,} bytes, and {wanted:,} were asked for")
    return np.memmap(path, dtype=kind, mode="r", shape=shape)


def _said(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_bytes()[: _LARGEST_SAID + 1]
        said = json.loads(text)
    except (OSError, ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Named("gives no answers", "it ended before it had answered")
    return said


def _copy(path: Path, to: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file, open(to, "xb") as copy:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Named("its checkpoint is not a plain file")
        while block := file.read(1 << 20):
            copy.write(block)
