"""One training behind walls: it sees its file, what that may import and the given text, and leaves a checkpoint.

What it prints is only what it says of itself. What counts is told by the kernel: how it ended, how long it took from
its first line, seconds of processor, memory; and the figure that an experiment is kept for is found later, by
`evaluate.py`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from espalier.errors import UserError
from espalier.sandbox import PROCESSOR, Limits, Outcome, run_command
from research.autoresearch.evaluating import checkpoint
from research.autoresearch.inside.training import BEGINS
from research.autoresearch.kit.budget import UNITS
from research.autoresearch.kit.summary import Summary, read_summary
from research.autoresearch.naming import Named, check_outcome
from research.autoresearch.staging import ROOT, check_locked, command, stage
from research.autoresearch.tasks import Task

MEMORY, FILES = 8 << 30, 512 << 20
"""Bytes of memory, and of files, a checkpoint among them."""
CPU_MULTIPLE = 3.0
"""Where a budget is in tokens or operations, which a training counts itself: so many times the baseline's seconds of
processor may it use, whatever it claims."""

_OF_A_GPU = ("PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "LANG")
_CLAIMS = re.compile(rb"^\s*(val_bpb|route_accuracy)\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """How much more than its budget a training may take: it builds, loads and saves besides. In seconds."""

    start: float = 60.0
    """For imports, before anything of the experiment's has run. They take three on an idle machine."""
    clock: float = 10.0
    """By the clock, from the first line of its file."""
    work: float = 4.0
    """Of the processor, for each thread: where the machine is not busy, the tighter bound."""
    share: float = 0.03
    """Of the budget, on top of both."""
    hard: float = 600.0
    """By the clock, for a budget in tokens or operations, from the first line of its file."""
    memory: int = MEMORY
    """Bytes."""

    def clock_seconds(self, budget: float, unit: str) -> float:
        """Until when a training has to have ended."""
        return (1 + self.share) * budget + self.clock if unit == "seconds" else self.hard

    def work_seconds(self, budget: float, threads: int) -> float:
        """What of the processor a budget of seconds comes to at most."""
        return threads * ((1 + self.share) * budget + self.work)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One training that has ended."""

    outcome: Outcome
    """How, and what it used, by the kernel's word."""
    seconds: float
    """By the clock, from the first line of its file to its end; 0 where it never came to it."""
    cpu_seconds: float
    """Of the processor, in that time."""
    summary: Summary | None
    """What it says of itself."""
    num_params: int | None
    """Numbers in its checkpoint."""
    named: str | None
    """Why it counts for nothing; None where its checkpoint may be evaluated."""
    walls: bool


def run_training(
    task: Task,
    source: Path,
    corpus: Path,
    out: Path,
    *,
    budget: float,
    unit: str = "seconds",
    seed: int = 0,
    threads: int = 1,
    walls: bool = True,
    device: str = "cpu",
    most_cpu_seconds: float | None = None,
    allowance: Allowance = Allowance(),
    root: Path = ROOT,
) -> Ran:
    """Train the editable file of the tree `source` on `corpus`/given; its checkpoint comes into the empty folder `out`.
    What it may import comes from the checkout `root`, whatever lies beside it.

    `most_cpu_seconds` bounds what a budget in tokens or operations may come to (`CPU_MULTIPLE` times the baseline's).
    Nothing else of what it writes comes back. UserError where the file or the data are not there, or no walls.
    """
    given = corpus / "given"
    _check(task, given, unit, out)
    if walls and device != "cpu":
        raise UserError(f"--device {device}: behind walls there is no GPU; say --walls false to do without them")
    bound = allowance.clock_seconds(budget, unit)
    work = allowance.work_seconds(budget, threads) if unit == "seconds" else most_cpu_seconds
    flags = f"--budget {budget:.17g} --budget_in {unit} --seed {seed} --threads {threads} --device {device}".split()
    flags += ["--given", str(given), "--out", "out"]
    with tempfile.TemporaryDirectory(prefix="autoresearch-") as name:
        folder = Path(name).resolve()
        staged, left = folder / "tree", folder / "left"
        left.mkdir()
        stage(task, source, staged, root)
        done = run_command(
            command(staged, "training", f"{staged}/{task.training}", str(staged), str(given), "--", *flags),
            readable=[Path(sys.prefix), staged, given, *PROCESSOR],
            writable=left,
            limits=replace(
                limits_of(allowance.start + bound, threads, allowance.memory if walls else None),
                cpu_seconds=threads * allowance.start + (threads * bound if work is None else work),
            ),
            environment=surroundings(threads, walls),
            walls=walls,
        )
        ended = time.monotonic()
        outcome, begun = _without_first_line(done.outcome)
        seconds, cpu_seconds = (ended - begun[0], outcome.cpu_seconds - begun[1]) if begun else (0.0, 0.0)
        number, named = None, None
        try:
            check_locked(task, source, root)
            _judge(outcome, seconds, cpu_seconds, bound, work)
            if f"out/{checkpoint.NAME}" in done.refused:
                raise Named("its checkpoint is not a plain file", done.refused[f"out/{checkpoint.NAME}"])
            number = checkpoint.num_params(left / "out")
            shutil.copyfile(left / "out" / checkpoint.NAME, out / checkpoint.NAME)
        except Named as error:
            named = str(error)
    return Ran(
        outcome=outcome,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        summary=read_summary(outcome.text),
        num_params=number,
        named=named,
        walls=walls,
    )


def limits_of(wall_seconds: float, threads: int, memory: int | None = MEMORY) -> Limits:
    """What a training, or a model that is asked, may use of the machine; None is no limit."""
    return Limits(
        wall_seconds=wall_seconds,
        cpu_seconds=threads * wall_seconds,
        memory=memory or 1 << 46,
        processes=64 + 4 * threads,
        file_size=FILES,
        space=FILES,
        num_files=4096,
        open_files=1024,
    )


def surroundings(threads: int, walls: bool) -> dict[str, str]:
    """The environment of a training, or of a model that is asked."""
    kept = {} if walls else {name: os.environ[name] for name in _OF_A_GPU if name in os.environ}
    return {**kept, "OMP_NUM_THREADS": str(threads), "PYTHONHASHSEED": "0"}


def _check(task: Task, given: Path, unit: str, out: Path) -> None:
    if not given.is_dir():
        raise UserError(f"{given}: no such folder of data; python {task.folder}/prepare.py makes it, once")
    if unit not in UNITS:
        raise UserError(f"--budget_in {unit}: a budget is in {', '.join(UNITS)}")
    if any(out.iterdir()):
        raise UserError(f"{out}: the checkpoint comes into it, so it has to be an empty folder")


def _without_first_line(outcome: Outcome) -> tuple[Outcome, tuple[float, float] | None]:
    """The outcome with what the training printed alone, and the clock and the processor's when its file began."""
    first, _, rest = outcome.stdout.partition(b"\n")
    told = re.fullmatch(rf"{BEGINS}([\d.]+) ([\d.]+)".encode(), first)
    if told is None:
        return outcome, None
    return replace(outcome, stdout=rest), (float(told[1]), float(told[2]))


def _judge(outcome: Outcome, seconds: float, cpu_seconds: float, bound: float, work: float | None) -> None:
    """Named where it counts for nothing by how it ran or by what it printed."""
    check_outcome(outcome)
    if claim := _CLAIMS.search(outcome.stdout):
        raise Named(f"prints a {claim[1].decode()}", "only the evaluator says it")
    if outcome.left_behind:
        raise Named("left processes behind", "they were ended")
    if seconds > bound:
        raise Named("past its budget", f"{seconds:.1f} seconds from its first line, and {bound:.1f} were allowed")
    if work is not None and cpu_seconds > work:
        raise Named("more work than its budget", f"{cpu_seconds:.1f} seconds of processor, {work:.1f} were allowed")
    if read_summary(outcome.text) is None:
        raise Named("prints no summary")
