"""One training of a commit and its evaluation, free of what is decided by them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from espalier.artifacts.paths import workspace
from espalier.command_line.console import say
from espalier.sandbox import Ending
from research.autoresearch.looping.repository import Repository
from research.autoresearch.tasks import HOME, Task

if TYPE_CHECKING:
    from research.autoresearch.running import Ran

Measured = Literal["val", "second"]
EVALUATOR_SECONDS = 1800.0
"""An evaluation that takes longer is ended, and the trial counts for nothing."""
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME")
_MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and how commits of a loop are tried."""

    task: Task
    repository: Repository
    base: str
    """The commit of the locked files."""
    locked: Path
    """A clean checkout of it, which is looked over before each use."""
    corpus: Path
    budget: float
    unit: str = "seconds"
    threads: int = 1
    device: str = "cpu"
    walls: bool = True
    most_cpu_seconds: float | None = None
    """What a training may use of the processor, where its budget is not in seconds; None before it is known."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of it."""

    commit: str
    seed: int
    named: str | None = None
    """By which name it counts for nothing."""
    why: str = ""
    """What was seen."""
    val_bpb: float | None = None
    route_accuracy: float | None = None
    """Both on the file that it was measured on first."""
    evaluations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the evaluator said, for each file."""
    memory_gb: float | None = None
    training_seconds: float | None = None
    total_seconds: float | None = None
    cpu_seconds: float | None = None
    total_tokens: int | None = None
    num_params: int | None = None
    train_s: float = 0.0
    """By the clock here, with all that is around the training."""
    evaluate_s: float = 0.0


def run_trial(place: Place, commit: str, seed: int, *, out: Path, on: Sequence[Measured] = ("val",)) -> Trial:
    """Train the editable files of `commit` beside the locked ones of the base, and evaluate the checkpoint.

    The checkpoint comes into the empty folder `out`. UserError where the machine, the data or the disk are at fault.
    """
    with sources(place, commit) as source:
        ran = train(place, source, seed, out)
        if ran.outcome.ended is Ending.LOST:  # something else on this machine ended it
            ran = train(place, source, seed, out)
        trial = _trained(ran, commit, seed, place)
        if trial.named is not None:
            return trial
        began = time.monotonic()
        evaluations: dict[str, dict[str, Any]] = {file: evaluate(place, source, out, file) for file in on}
    first = evaluations[on[0]]
    name, why = _parted(next((each["named"] for each in evaluations.values() if each["named"]), None))
    return replace(
        trial,
        named=name,
        why=why,
        val_bpb=None if name else float(first["val_bpb"]),
        route_accuracy=None if name else first.get("route_accuracy"),
        evaluations=evaluations,
        evaluate_s=time.monotonic() - began,
    )


@contextmanager
def sources(place: Place, commit: str) -> Iterator[Path]:
    """A folder with a commit's editable files at their places, and nothing else, as they were committed."""
    with tempfile.TemporaryDirectory(prefix="autoresearch-") as name:
        source = Path(name)
        for path in place.task.editable:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(place.repository.content(commit, path))
        yield source


def train(place: Place, source: Path, seed: int, out: Path, *, budget: float | None = None, unit: str = "") -> Ran:
    """A training, by the place's budget unless another is said; its checkpoint comes into `out`."""
    from research.autoresearch.running import run_training

    lock(place)
    return run_training(
        place.task,
        source,
        place.corpus,
        out,
        budget=place.budget if budget is None else budget,
        unit=unit or place.unit,
        seed=seed,
        threads=place.threads,
        walls=place.walls,
        device=place.device,
        most_cpu_seconds=place.most_cpu_seconds,
        root=place.locked,
    )


def evaluate(place: Place, source: Path, checkpoint: Path, on: Measured) -> dict[str, Any]:
    """What the evaluator of the base says of a checkpoint: a process that runs from the clean checkout.

    Where it cannot say anything, that is `named`.
    """
    lock(place)
    with tempfile.TemporaryDirectory(prefix="autoresearch-") as folder:
        told = Path(folder) / "evaluation.json"
        words = [
            sys.executable, "-B", str(place.locked / HOME / "evaluate.py"), "--task", place.task.name,
            "--source", str(source), "--checkpoint", str(checkpoint), "--corpus", place.corpus.name,
            "--on", on, "--threads", str(place.threads), "--device", place.device,
            "--walls", str(place.walls).lower(), "--result", str(told),
        ]  # fmt: skip
        ended = _run(words, {"ESPALIER_HOME": str(workspace()), "OMP_NUM_THREADS": str(place.threads)})
        if ended or not told.is_file():
            return {"named": f"could not be evaluated: {ended or 'the evaluator wrote nothing'}"}
        return dict(json.loads(told.read_text(encoding="utf-8")))


def lock(place: Place) -> list[str]:
    """Look over the locked files, and check them out again where they are not the base's. Returns which were not."""
    if not place.locked.exists():
        place.repository.check_out(place.base, place.locked)
        return []
    differing = place.repository.differing(place.base, place.locked)
    if differing:
        say(f"{place.locked}: is not as it was committed ({', '.join(differing[:3])}); it is checked out again")
        place.repository.check_out(place.base, place.locked)
    return differing


def _run(words: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run it to its end, with little of this process's environment; returns its last words where it fails."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(words, env={**kept, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            code = process.wait(EVALUATOR_SECONDS)
        except subprocess.TimeoutExpired:
            return f"it took more than {EVALUATOR_SECONDS:.0f} seconds"
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if not code:
            return ""
        log.seek(max(0, log.tell() - 4096))
        lines = log.read().decode("utf-8", "replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), f"exit code {code}")


def _trained(ran: Ran, commit: str, seed: int, place: Place) -> Trial:
    name, why = _parted(ran.named)
    claims = ran.summary
    claimed = claims.peak_vram_mb / 1024 if claims and place.device != "cpu" else None
    return Trial(
        commit=commit,
        seed=seed,
        named=name,
        why=why,
        memory_gb=ran.outcome.peak_memory / 1024 / _MIB if claimed is None else claimed,
        training_seconds=claims.training_seconds if claims else None,
        total_seconds=ran.outcome.wall_seconds,
        cpu_seconds=ran.cpu_seconds,
        total_tokens=claims.total_tokens if claims else None,
        num_params=ran.num_params,
        train_s=ran.outcome.wall_seconds,
    )


def _parted(named: str | None) -> tuple[str | None, str]:
    """A name with what was seen, apart."""
    name, _, why = (named or "").partition(": ")
    return name or None, why
