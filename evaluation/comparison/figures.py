"""From records to figures: means with intervals, whole and by group, and paired comparisons with the baseline.

Two models' replies are paired by (case, turn, sample), so a reply that failed, or a verdict that a judge withheld,
takes one pair out of one column and no more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.paired import Comparison, Pair, compare
from evaluation.comparison.resampling import Resampling
from evaluation.comparison.stats import Bounds, Estimate, holm, means
from evaluation.comparison.tables import Scope, Table, first_reply, in_dialogue, in_group
from evaluation.metrics.base import Column
from evaluation.scoring.records import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Contestant:
    """What has a row of its own in the report."""

    name: str
    """The model's name, or a pool's."""
    members: tuple[str, ...]
    """The models behind it: one, or several runs of one recipe."""
    control: bool = False
    """Whether it stands beside the models, to show what the figures are worth."""
    kind: str = ""
    """Of replies made to win, in which way they cheat; empty for models and rules."""
    label: str = ""
    """Those replies in a reader's words."""
    adds: bool = False
    """Whether those are good replies with something added."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How many replies a figure is over, and why not over more."""

    measured: int
    """Replies with a value."""
    abstained: int
    """Replies that the judge gave no verdict on."""
    failed: int
    """Replies that there are not, because the model could not be asked."""


def leader(column: Column, comparison: Comparison, p_corrected: float) -> int:
    """1 where the candidate is better beyond chance, -1 where the baseline is, 0 where chance may be all there is.

    Beyond chance is a difference whose corrected p-value is below .05 and whose interval leaves out 0.
    """
    difference = comparison.difference
    sign = -1 if column.better == "lower" else 1
    if p_corrected >= 0.05 or difference.low <= 0 <= difference.high:
        return 0
    return sign if difference.value > 0 else -sign


class Results:
    """The records of one evaluation, asked by contestant and column."""

    def __init__(
        self,
        records: Iterable[Record],
        contestants: Sequence[Contestant],
        baseline: str,
        columns: Sequence[Column],
        *,
        seed: int,
    ) -> None:
        self.contestants = list(contestants)
        self.columns = list(columns)
        self.seed = seed
        self.baseline = self.contestant(baseline)
        self._by_model: dict[str, list[Record]] = {}
        for record in records:
            self._by_model.setdefault(record.model, []).append(record)
        self._table = Table(self._by_model, [column.name for column in columns])
        self._resampling = Resampling(self._table.num_clusters, seed=seed)
        self._spans = {column.name: column.high - column.low for column in columns}
        self._estimates: dict[tuple[str, Scope], dict[str, Estimate | None]] = {}
        self._compared: dict[tuple[str, str, str, Scope], Comparison | None] = {}

    @property
    def candidates(self) -> list[Contestant]:
        """Who is compared with the baseline: no rules, and no model that a pool speaks for."""
        pooled = {member for found in self.contestants if len(found.members) > 1 for member in found.members}
        rest = [found for found in self.contestants if found != self.baseline and not found.control]
        return [found for found in rest if found.name not in pooled]

    def contestant(self, name: str) -> Contestant:
        """Who is called so. Raises KeyError where nobody is."""
        for each in self.contestants:
            if each.name == name:
                return each
        raise KeyError(name)

    def against(self, baseline: str) -> Self:
        """The same records compared with another baseline."""
        if baseline == self.baseline.name:
            return self
        other = copy(self)
        other.baseline = self.contestant(baseline)
        return other

    @property
    def all_records(self) -> list[Record]:
        """Every model's records, one model's after the other's."""
        return [record for found in self._by_model.values() for record in found]

    def records(self, model: str) -> list[Record]:
        """All records of one model, in the order of the cases."""
        return self._by_model.get(model, [])

    def estimate(self, contestant: Contestant, column: str, scope: Scope = first_reply) -> Estimate | None:
        """The mean of a column where it applies, with its interval; None where it never does."""
        key = contestant.name, scope
        if key not in self._estimates:
            self._estimates[key] = self._estimate_all(contestant, scope)
        return self._estimates[key].get(column)

    def compare(self, contestant: Contestant, column: str, scope: Scope = first_reply) -> Comparison | None:
        """The contestant against the baseline on the replies that both have; None where there are none."""
        key = self.baseline.name, contestant.name, column, scope
        if key not in self._compared and contestant != self.baseline:
            # What is drawn serves all columns at once; of a group only the column that is asked for will be, and few of
            # the replies that were made to win.
            names = [each.name for each in self.columns] if not scope.kind else [column]
            rivals = [each for each in self.contestants if each != self.baseline and not each.kind]
            rivals = [contestant] if scope.kind or contestant.kind else rivals
            self.compare_all([(self.baseline, rival, name) for rival in rivals for name in names], scope)
        return self._compared.get(key)

    def compare_all(
        self, wanted: Sequence[tuple[Contestant, Contestant, str]], scope: Scope = first_reply
    ) -> list[Comparison | None]:
        """For each (one, other, column) the other against the one, on the replies that both have."""
        keys = [(one.name, other.name, column, scope) for one, other, column in wanted]
        pairs = {}
        for key, (one, other, column) in zip(keys, wanted, strict=True):
            if key not in self._compared:
                self._compared[key] = None
                pair = self._pair(one, other, column, scope)
                if pair:
                    pairs[key] = pair
        self._compared |= zip(pairs, compare(list(pairs.values()), self._resampling), strict=True)
        return [self._compared[key] for key in keys]

    def means_on_both(self, one: Contestant, other: Contestant, column: str) -> tuple[float, float]:
        """Both sides' means over the first replies that both have; ValueError where there are none."""
        pair = self._pair(one, other, column, first_reply)
        if pair is None:
            raise ValueError(f"{one.name} and {other.name} share no reply with {column}")
        return float(pair.baseline.mean()), float(pair.candidate.mean())

    def corrected(
        self, candidates: Sequence[Contestant], columns: Sequence[Column] | None = None
    ) -> dict[tuple[str, str], float]:
        """p-values by (candidate, column), corrected by Holm over all of them; by default of all columns.

        A column without a direction is not tested.
        """
        found = {}
        for candidate in candidates:
            for column in self.columns if columns is None else columns:
                comparison = self.compare(candidate, column.name) if column.better != "neither" else None
                if comparison:
                    found[candidate.name, column.name] = comparison.p_value
        return dict(zip(found, holm(list(found.values())), strict=True))

    def coverage(self, contestant: Contestant, column: str, scope: Scope = first_reply) -> Coverage:
        """How many replies of a contestant a column is over."""
        mask = self._table.mask(scope)
        columns = [self._table.column(model, column)[mask] for model in contestant.members]
        return Coverage(
            measured=sum(int((~np.isnan(values)).sum()) for values in columns),
            abstained=sum(int(self._table.abstained(model, column)[mask].sum()) for model in contestant.members),
            failed=sum(int((~self._table.answered(model)[mask]).sum()) for model in contestant.members),
        )

    def counts(self, column: str) -> bool:
        """Whether all scores of a column are 0 or 1, so that its mean is a share of replies."""
        scores = np.concatenate([self._table.column(model, column) for model in self._by_model])
        return bool(np.isin(scores[~np.isnan(scores)], (0, 1)).all())

    def dialogues(self, contestant: Contestant, column: str) -> Estimate | None:
        """The share of dialogues in which the column is 1 at every turn it applies to; failed ones do not count."""
        mask = self._table.mask(in_dialogue)
        whole = []
        for model in contestant.members:
            values = self._table.column(model, column)
            kept = np.where(np.isnan(values), 1.0, values) == 1
            dialogues = self._table.dialogues[mask]
            least = np.ones(self._table.num_dialogues)
            np.minimum.at(least, dialogues, kept[mask].astype(float))
            least[dialogues[~self._table.answered(model)[mask]]] = np.nan
            whole.append(least)
        played = np.unique(self._table.dialogues[mask])
        clusters = self._table.dialogue_clusters
        return self._pooled(np.array(whole)[:, played], clusters[played], (0.0, 1.0)) if len(played) else None

    def between(self, contestant: Contestant, column: str, kind: str, one: str, other: str) -> Comparison | None:
        """A contestant's first replies to one group of cases against those to another: the other less the one.

        They are paired by cluster, as two who make one request are; None where no cluster has both.
        """
        sides = [self._by_cluster(contestant, column, in_group(kind, group)) for group in (one, other)]
        both = ~(np.isnan(sides[0]).any(axis=0) | np.isnan(sides[1]).any(axis=0))
        if not both.any():
            return None
        pair = Pair(
            baseline=sides[0][:, both],
            candidate=sides[1][:, both],
            clusters=np.flatnonzero(both),
            span=self._spans.get(column, math.inf),
        )
        return compare([pair], self._resampling)[0]

    def _by_cluster(self, contestant: Contestant, column: str, scope: Scope) -> NDArray[np.float64]:
        """Means of shape (runs, clusters), NaN where a cluster has none."""
        inside = self._table.mask(scope)
        means_by_run = np.full((len(contestant.members), self._table.num_clusters), np.nan)
        for run, model in enumerate(contestant.members):
            values = np.where(inside, self._table.column(model, column), np.nan)
            there = ~np.isnan(values)
            sums = np.bincount(self._table.clusters[there], values[there], self._table.num_clusters)
            counts = np.bincount(self._table.clusters[there], minlength=self._table.num_clusters)
            means_by_run[run, counts > 0] = sums[counts > 0] / counts[counts > 0]
        return means_by_run

    def groups(self, kind: str, scope: Scope = first_reply) -> list[str]:
        """The groups of a kind that occur, in alphabetical order."""
        return self._table.groups(kind, scope)

    def _estimate_all(self, contestant: Contestant, scope: Scope) -> dict[str, Estimate | None]:
        mask = self._table.mask(scope)
        clusters = self._table.clusters[mask]
        names = [column.name for column in self.columns]
        bounds = [(column.low, column.high) for column in self.columns]
        if len(contestant.members) == 1:
            found = means(self._table.values(contestant.members[0])[mask], clusters, bounds)
        else:
            runs = np.stack([self._table.values(model)[mask] for model in contestant.members])
            found = [self._pooled(runs[:, :, place], clusters, ends) for place, ends in enumerate(bounds)]
        return dict(zip(names, found, strict=True))

    def _pooled(self, runs: NDArray[np.float64], clusters: NDArray[np.int64], bounds: Bounds) -> Estimate | None:
        """The mean over replies that all runs have (shape (runs, replies)), and its interval."""
        if len(runs) == 1:
            return means(runs.T, clusters, [bounds])[0]
        both = ~np.isnan(runs).any(axis=0)
        if not both.any():
            return None
        # Drawing runs as well as cases says what another run of the recipe would do.
        nothing = np.zeros((1, int(both.sum())))
        pair = Pair(baseline=nothing, candidate=runs[:, both], clusters=clusters[both], span=bounds[1] - bounds[0])
        found = compare([pair], self._resampling)[0].difference
        # As a difference from nothing it may reach beyond what a score can be.
        return replace(found, low=max(bounds[0], found.low), high=min(bounds[1], found.high))

    def _pair(self, one: Contestant, other: Contestant, column: str, scope: Scope) -> Pair | None:
        mask = self._table.mask(scope)
        base, rival = (
            np.stack([self._table.column(model, column)[mask] for model in each.members]) for each in (one, other)
        )
        both = ~(np.isnan(base).any(axis=0) | np.isnan(rival).any(axis=0))
        if not both.any():
            return None
        return Pair(
            baseline=base[:, both],
            candidate=rival[:, both],
            clusters=self._table.clusters[mask][both],
            span=self._spans.get(column, math.inf),
        )
