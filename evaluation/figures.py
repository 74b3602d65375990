"""From records to figures: shares with intervals, whole and by group, and paired comparisons with the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.base import Metric
from evaluation.play import Record
from evaluation.stats import Comparison, Estimate, paired_bootstrap, proportion

Where = Callable[[Record], bool]
GROUPS: dict[str, Callable[[Record], str]] = {
    "split": lambda record: record.split,
    "strategy": lambda record: record.truth.strategy if record.truth else "",
    "error": lambda record: record.truth.error if record.truth else "",
    "level": lambda record: record.truth.level if record.truth else "",
}
"""How first replies are grouped; a record whose group is empty is in none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contestant:
    """What has a row of its own in the report."""

    name: str
    """The model's name, or a pool's."""
    members: tuple[str, ...]
    """The models behind it: one, or several runs of one recipe."""
    control: bool = False
    """Whether it is a rule that shows what the figures are worth."""


def first_reply(record: Record) -> bool:
    """The reply to what the case holds: the learner's first turn."""
    return record.turn == 0


def in_dialogue(record: Record) -> bool:
    """A reply in a dialogue that was played to its end."""
    return record.num_turns > 1


class Results:
    """The records of one evaluation, asked by contestant and metric."""

    def __init__(self, records: Iterable[Record], contestants: Sequence[Contestant], baseline: str, seed: int) -> None:
        self.contestants = list(contestants)
        self.baseline = next(contestant for contestant in contestants if contestant.name == baseline)
        self._seed = seed
        self._by_model: dict[str, list[Record]] = {}
        self._compared: dict[tuple[str, str, Where], Comparison | None] = {}
        for record in records:
            self._by_model.setdefault(record.model, []).append(record)

    def records(self, model: str) -> list[Record]:
        """All records of one model, in the order of the cases."""
        return self._by_model[model]

    def estimate(self, contestant: Contestant, metric: str, where: Where = first_reply) -> Estimate | None:
        """The mean of a metric where it applies, with its interval; None where it never does."""
        values, clusters = self._values(contestant, metric, where)
        return _estimate(values, clusters, self._seed)

    def compare(self, contestant: Contestant, metric: str, where: Where = first_reply) -> Comparison | None:
        """The contestant against the baseline on the same replies; None where the metric never applies."""
        key = (contestant.name, metric, where)
        if key not in self._compared:  # a page asks for the same comparison several times, and resampling takes a while
            values, clusters = self._values(contestant, metric, where)
            base, _ = self._values(self.baseline, metric, where)
            found = paired_bootstrap(base, values, clusters, seed=self._seed) if clusters else None
            self._compared[key] = found
        return self._compared[key]

    def dialogues(self, contestant: Contestant, metric: str) -> Estimate | None:
        """The share of dialogues in which the metric is 1 at every turn it applies to."""
        whole, clusters = [], []
        for model in contestant.members:
            turns: dict[str, list[Record]] = {}
            for record in filter(in_dialogue, self._by_model[model]):
                turns.setdefault(record.case, []).append(record)
            whole.append([float(all(t.metrics.get(metric, 1) == 1 for t in found)) for found in turns.values()])
            clusters = [found[0].cluster for found in turns.values()]
        return _estimate(np.array(whole), clusters, self._seed)

    def groups(self, kind: str, where: Where = first_reply) -> list[str]:
        """The groups of a kind that occur, in alphabetical order."""
        records = filter(where, self._by_model[self.baseline.members[0]])
        return sorted({GROUPS[kind](record) for record in records} - {""})

    def _values(self, contestant: Contestant, metric: str, where: Where) -> tuple[NDArray[np.float64], list[str]]:
        """Scores of shape (runs, replies) and the replies' clusters."""
        rows, clusters = [], []
        for model in contestant.members:
            found = [record for record in self._by_model[model] if where(record) and metric in record.metrics]
            rows.append([record.metrics[metric] for record in found])
            clusters = [record.cluster for record in found]
        return np.array(rows, dtype=float), clusters


def in_group(kind: str, name: str, where: Where = first_reply) -> Where:
    """The replies of one group."""
    return lambda record: where(record) and GROUPS[kind](record) == name


def summarise(results: Results, metrics: Sequence[Metric]) -> dict[str, Any]:
    """All figures as plain data: per contestant and metric the whole, the groups, the dialogues, the comparison."""
    return {
        contestant.name: {
            "members": list(contestant.members),
            "control": contestant.control,
            "metrics": {metric.name: _summary(results, contestant, metric.name) for metric in metrics},
        }
        for contestant in results.contestants
    }


def _summary(results: Results, contestant: Contestant, metric: str) -> dict[str, Any]:
    by_group = {
        kind: {
            group: _plain(results.estimate(contestant, metric, in_group(kind, group))) for group in results.groups(kind)
        }
        for kind in GROUPS
    }
    return {
        "overall": _plain(results.estimate(contestant, metric)),
        "groups": {kind: {k: v for k, v in found.items() if v} for kind, found in by_group.items()},
        "dialogue_turns": _plain(results.estimate(contestant, metric, in_dialogue)),
        "whole_dialogues": _plain(results.dialogues(contestant, metric)),
        "against_baseline": None if contestant == results.baseline else _plain(results.compare(contestant, metric)),
    }


def _plain(found: Estimate | Comparison | None) -> dict[str, Any] | None:
    return asdict(found) if found else None


def _estimate(values: NDArray[np.float64], clusters: Sequence[str], seed: int) -> Estimate | None:
    if not clusters:
        return None
    if len(values) == 1:
        return proportion(values[0], clusters)
    # Several runs of one recipe: drawing runs as well as cases says what another run of it would do.
    share = paired_bootstrap(np.zeros(values.shape[1]), values, clusters, seed=seed).difference
    # As a difference from nothing it may reach beyond what a share can be.
    return replace(share, low=max(0.0, share.low), high=min(1.0, share.high))
