"""What a report is made of: the lines of the log, each beside the one that it was tried on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from research.autoresearch.looping.records import BASELINE
from research.autoresearch.looping.view import LoopView
from research.autoresearch.reporting.controls import controls_of
from research.autoresearch.tasks import TASKS

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """A line of the log: an experiment, or one of the baseline's."""

    facts: Facts

    @property
    def number(self) -> int:
        return int(self.facts["number"])

    @property
    def commit(self) -> str:
        """In full; its parent's where nothing was committed."""
        return str(self.facts["commit"])

    @property
    def short(self) -> str:
        """As git shows it; a dash where nothing was committed."""
        return self.commit[:7] if self.is_baseline or self.commit != self.facts["parent"] else "–"

    @property
    def is_baseline(self) -> bool:
        """Whether it ran the program as it was found."""
        return bool(self.facts["proposer"] == BASELINE)

    @property
    def status(self) -> str:
        return str(self.facts["status"])

    @property
    def kept(self) -> bool:
        return self.status == "keep"

    @property
    def value(self) -> float | None:
        """val_bpb; None where it has none."""
        value = self.facts.get("val_bpb")
        return value if value is not None and self.status in ("keep", "discard") else None

    @property
    def description(self) -> str:
        return self.facts.get("description") or ""

    @property
    def seconds(self) -> Mapping[str, float]:
        """Of each part of it: propose, check, train, evaluate, rest; and of these the trainings' own, `budget`."""
        return self.facts.get("seconds") or {}

    def get(self, key: str) -> Any:
        """A key of its line; None where it has none."""
        return self.facts.get(key)


@dataclass(frozen=True)
class Try:
    """An experiment beside what was the best before it."""

    run: Run
    before: Run
    """The incumbent: what its commit was made from."""

    @property
    def change(self) -> float | None:
        """By how much its first run's val_bpb is above what the incumbent comes to: below 0 is better."""
        stands = self.run.get("stands") if self.run.get("stands") is not None else self.before.value
        return None if self.run.value is None or stands is None else self.run.value - stands

    def more(self, key: str) -> int | None:
        """By how much it has more lines or parameters than the incumbent."""
        now, then = self.run.get(key), self.before.get(key)
        return None if now is None or then is None else now - then


@dataclass(frozen=True)
class Loop:
    """A loop so far."""

    name: str
    task: str
    tag: str
    base: str
    """The commit that it began from."""
    runs: Sequence[Run]
    controls: Mapping[str, float] = field(default_factory=dict)
    """Who trains nothing, and its val_bpb."""

    @cached_property
    def baselines(self) -> list[Run]:
        """The runs of the program as it was found."""
        return [each for each in self.runs if each.is_baseline]

    @cached_property
    def baseline(self) -> Run | None:
        """The baseline's run that experiments are held against: the first that has a figure."""
        return next((each for each in self.baselines if each.value is not None), None)

    @cached_property
    def tries(self) -> list[Try]:
        """The experiments, each beside the incumbent; none where the baseline has no figure."""
        return list(self._tries())

    @cached_property
    def frontier(self) -> list[Run]:
        """The baseline and what was kept, in order."""
        return [self.baseline, *(each.run for each in self.kept)] if self.baseline else []

    @cached_property
    def kept(self) -> list[Try]:
        return [each for each in self.tries if each.run.kept]

    @property
    def best(self) -> Run | None:
        """The last that was kept."""
        return self.frontier[-1] if self.frontier else None

    def count(self, status: str) -> int:
        """How many experiments ended so."""
        return sum(each.run.status == status for each in self.tries)

    @property
    def unit(self) -> str:
        """What val_bpb is in, in words."""
        return "bits per byte" if self.task == "language" else "first-step error"

    def _tries(self) -> Iterator[Try]:
        incumbent = self.baseline
        for run in self.runs if incumbent else ():
            assert incumbent is not None
            if run.is_baseline:
                continue
            yield Try(run, incumbent)
            if run.kept:
                incumbent = run


def loop_of(view: LoopView) -> Loop:
    """A loop as its folder tells of it."""
    task, tag = view.settings["task"], view.settings["tag"]
    corpus = view.settings.get("corpus") or TASKS[task].corpus
    runs = [Run(each) for each in view.records]
    return Loop(view.folder.name, task, tag, view.base, runs, controls_of(corpus))
