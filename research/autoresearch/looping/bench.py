"""All that the experiments of one loop are made with, and a record before anything is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

from espalier.artifacts.run import timestamp
from research.autoresearch.deciding.simplicity import code_lines
from research.autoresearch.looping.config import AutoresearchConfig
from research.autoresearch.looping.git import remove_tree
from research.autoresearch.looping.records import BASELINE, Record
from research.autoresearch.looping.results import Results
from research.autoresearch.looping.trial import Place
from research.autoresearch.looping.view import LoopView
from research.autoresearch.looping.worktree import Worktree
from research.autoresearch.running import CPU_MULTIPLE


@dataclass(frozen=True, kw_only=True)
class Bench:
    """It."""

    config: AutoresearchConfig
    folder: Path
    """The loop's own."""
    first_place: Place
    """As it is before the baseline has run."""
    worktree: Worktree
    results: Results

    @property
    def place(self) -> Place:
        """Where and how commits are tried."""
        return bounded(self.first_place, self.results.records)

    @property
    def view(self) -> LoopView:
        """The loop as reports and replays see it."""
        settings = self.config.model_dump(mode="json")
        records = list(self.results.records)
        return LoopView(settings=settings, records=records, base=self.first_place.base, folder=self.folder)

    @property
    def state(self) -> Path:
        """What is kept of the experiment that is going on."""
        return self.folder / "state.json"

    @property
    def scratch(self) -> Path:
        """The checkpoints of the experiment that is going on."""
        return self.folder / "scratch"

    @property
    def copies(self) -> tuple[str, ...]:
        """Names of the copies of the results in the worktree."""
        return self.results.jsonl.name, self.results.tsv.name

    def empty(self, name: str) -> Path:
        """An empty folder for a checkpoint."""
        folder = self.scratch / name
        remove_tree(folder)
        folder.mkdir(parents=True)
        return folder

    def lines(self, commit: str) -> int:
        """Lines of code of a commit's editable files. SyntaxError where one is no Python."""
        content = self.place.repository.content
        return sum(code_lines(content(commit, path).decode()) for path in self.place.task.editable)

    def blank(self, parent: str, *, proposer: str) -> Record:
        """The record of the next experiment on top of `parent`, before anything is known of it."""
        config, number = self.config, len(self.results.records)
        baseline = proposer == BASELINE
        return {
            "number": number,
            "commit": parent,
            "parent": parent,
            "status": "keep" if baseline else "discard",
            "why": "",
            "named": None,
            "val_bpb": None,
            "route_accuracy": None,
            "memory_gb": None,
            "description": BASELINE if baseline else "",
            "proposer": proposer,
            "hypothesis": "",
            "kind": BASELINE if baseline else "",
            "details": {},
            "seed": number,
            "budget": config.budget,
            "unit": config.budget_in,
            "training_seconds": None,
            "total_seconds": None,
            "cpu_seconds": None,
            "total_tokens": None,
            "num_params": None,
            "lines": self.lines(parent),
            "confirmed": [],
            "decision": None,
            "stands": None,
            "hashes": {},
            "walls": "sandbox" if config.walls else "off",
            "torch": version("torch"),
            "device": config.device,
            "threads": self.place.threads,
            "seconds": {"propose": 0.0, "check": 0.0, "train": 0.0, "evaluate": 0.0, "rest": 0.0, "budget": 0.0},
            "began": timestamp(),
            "base": self.place.base,
        }


def bounded(place: Place, records: Sequence[Record]) -> Place:
    """A place where trainings may use so much of the processor, where their budget is not in seconds, as the runs of
    the baseline allow."""
    spent = [each["cpu_seconds"] for each in records if each["proposer"] == BASELINE and each["cpu_seconds"]]
    bound = None if place.unit == "seconds" or not spent else CPU_MULTIPLE * fmean(spent)
    return replace(place, most_cpu_seconds=bound)
