"""Everything a report is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.figures import Contestant, Results, in_group
from evaluation.lineage import Lineage
from evaluation.metrics.base import Metric
from evaluation.suite import Suite


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """Everything a report is made of."""

    name: str
    """Name of the scores."""
    command: str
    """The command that makes them again."""
    suite: Suite
    """The suite."""
    metrics: Sequence[Metric]
    """Its metrics, in its order."""
    results: Results
    """The records, asked by contestant and metric."""
    lineages: dict[str, Lineage]
    """By name, of every model that is no rule."""
    identities: dict[str, dict[str, Any]]
    """By name, what each model and rule is."""
    mix: str | None
    """The mix the cases come from, with its hash."""
    seed: int
    """Of the bootstrap and of the examples drawn."""

    @property
    def headline(self) -> Metric:
        """The metric that decides."""
        return next(metric for metric in self.metrics if metric.name == self.suite.main_metric)

    @property
    def reference(self) -> str:
        """A model whose records stand for the cases themselves: all have been asked the same."""
        return self.results.baseline.members[0]

    @property
    def candidates(self) -> list[Contestant]:
        """Who is compared with the baseline: no rules, and no model that a pool speaks for."""
        pooled = {member for found in self.results.contestants if len(found.members) > 1 for member in found.members}
        rest = [found for found in self.results.contestants if found != self.results.baseline and not found.control]
        return [found for found in rest if found.name not in pooled]

    @property
    def models(self) -> list[Contestant]:
        """Everyone but the rules that stand beside them."""
        return [each for each in self.results.contestants if not each.control]

    def groups(self, kind: str) -> list[str]:
        """The groups of a kind, those first where the last candidate does worst on the measure that decides."""
        weakest = (self.candidates or [self.results.baseline])[-1]
        sign = -1 if self.headline.better == "lower" else 1
        places = {}
        for group in self.results.groups(kind):
            found = self.results.estimate(weakest, self.headline.name, in_group(kind, group))
            places[group] = sign * found.value if found else math.inf
        return sorted(places, key=lambda group: (places[group], group))
