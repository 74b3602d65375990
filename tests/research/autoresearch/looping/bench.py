"""A loop on a repository of a few lines, with real git, whose trainings are formulas."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from research.autoresearch.looping import experiment, proposed
from research.autoresearch.looping.bench import Bench
from research.autoresearch.looping.config import AutoresearchConfig
from research.autoresearch.looping.records import Record
from research.autoresearch.looping.repository import Repository
from research.autoresearch.looping.results import Results
from research.autoresearch.looping.trial import Place, Trial
from research.autoresearch.looping.worktree import Worktree
from research.autoresearch.proposing.base import History, Proposal, Proposer
from research.autoresearch.tasks import Task

FILE = "research/autoresearch/language/train.py"
BASELINES = 2
TASK = Task(name="language", editable=(FILE,), helpers=(), corpus="none", metric="bits")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def write(worktree: Path, bits: float, *more: str) -> None:
    """A program that comes to so many bits, but for noise."""
    (worktree / FILE).parent.mkdir(parents=True, exist_ok=True)
    (worktree / FILE).write_text("\n".join([f"bits = {bits}", *more]) + "\n")


class Proposing:
    """Proposes what it is told, one after the other."""

    name = "told"

    def __init__(self, *does: Callable[[Path], object]) -> None:
        self._does = does

    def propose(self, worktree: Path, history: History, number: int, seed: int) -> Proposal:
        assert number == len(history)
        self._does[(number - BASELINES) % len(self._does)](worktree)
        return Proposal(description=f"try {number}", hypothesis="because", kind="agent", details={"number": number})

    def close(self) -> None:
        pass


class Trials:
    """In place of trainings and evaluations: what a program says, with noise by its seed and its text."""

    def __init__(self, bench: Bench, noise: float = 0.01) -> None:
        self.bench, self.noise = bench, noise
        self.run: list[tuple[str, int]] = []
        self.before: Callable[[], object] = lambda: None
        """What happens before each."""

    def __call__(self, place: Place, commit: str, seed: int, *, out: Path, on: Any = ("val",)) -> Trial:
        self.before()
        self.run.append((commit, seed))
        text = place.repository.content(commit, FILE).decode()
        if named := re.search(r"^# (.*)", text, re.MULTILINE):
            return Trial(commit=commit, seed=seed, named=named[1], why="as it said")
        bits = float(text.split()[2]) + self.noise * random.Random(f"{text}{seed}").gauss()
        (out / "model.safetensors").write_text(f"{commit} {seed}")
        return Trial(
            commit=commit, seed=seed, val_bpb=bits, evaluations={"val": {"hashes": {"val": "f00"}}}, memory_gb=0.5,
            training_seconds=2.0, total_seconds=2.5, cpu_seconds=2.0, total_tokens=7, num_params=3, train_s=2.5,
        )  # fmt: skip


class Made:
    """A bench, and whoever runs its trials."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **differs: Any) -> None:
        self.checkout, self.folder = tmp_path / "checkout", tmp_path / "loop"
        if not self.checkout.exists():
            self.checkout.mkdir(parents=True)
            git(self.checkout, "init", "-q", "-b", "main")
            write(self.checkout, 2.0, "a = 1")
            (self.checkout / "locked.py").write_text("locked = 1\n")
            (self.checkout / ".gitignore").write_text("results-*\n")
            git(self.checkout, "add", "-A")
            git(self.checkout, "commit", "-q", "-m", "begin")
        self.config = AutoresearchConfig(**{"task": "language", "tag": "a", "baselines": BASELINES, **differs})
        self.bench = self.opened()
        self.trials = Trials(self.bench)
        monkeypatch.setattr(experiment, "run_trial", lambda *words, **keys: self.trials(*words, **keys))
        monkeypatch.setattr(experiment, "ignores_its_seed", lambda place, commit: False)
        monkeypatch.setattr(proposed, "check_commit", lambda *words: None)

    def opened(self) -> Bench:
        """It, as a loop finds it that goes on."""
        repository = Repository(self.checkout)
        place = Place(
            task=TASK, repository=repository, base=repository.head, locked=self.folder / "locked",
            corpus=self.folder / "corpus", budget=self.config.budget,
        )  # fmt: skip
        return Bench(
            config=self.config,
            folder=self.folder,
            first_place=place,
            worktree=Worktree(repository, self.folder / "worktree", self.config.branch),
            results=Results(self.folder, "language"),
        )

    def go(self, proposer: Proposer, experiments: int = 1) -> list[Record]:
        """Run the baseline, where it was not yet, and so many experiments more; returns their records."""
        while len(self.bench.results.records) < self.config.baselines:
            experiment.run_next(self.bench, None)
        return [experiment.run_next(self.bench, proposer) for _ in range(experiments)]

    def branch(self) -> str:
        return git(self.checkout, "rev-parse", self.config.branch)


def bare(records: list[Record]) -> list[dict[str, Any]]:
    """Records without what no two runs have alike: times, and commits, which hold one."""
    return [
        {key: value for key, value in each.items() if key not in ("seconds", "began", "commit", "parent", "base")}
        for each in records
    ]
