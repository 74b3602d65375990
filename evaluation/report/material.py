"""Everything a report is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluation.cases.suite import Suite
from evaluation.cases.trained_on import Lineage
from evaluation.comparison.bar import Bar, bar, held
from evaluation.comparison.figures import Contestant, Results
from evaluation.comparison.tables import in_group
from evaluation.gate import Outcome
from evaluation.metrics.base import Column, DialogueMetric


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """Everything a report is made of."""

    name: str
    """Name of the scores."""
    command: str
    """The command that makes them again."""
    suite: Suite
    """The suite."""
    metrics: Sequence[Column]
    """Its columns, in its order."""
    results: Results
    """The records, asked by contestant and column."""
    lineages: dict[str, Lineage]
    """By name, of every model that has one."""
    identities: dict[str, dict[str, Any]]
    """By name, what each model and rule is."""
    mix: str | None
    """The mix the cases come from, with its hash."""
    seed: int
    """Of the bootstrap and of the examples drawn."""
    judges: Sequence[str] = ()
    """Names of the judges at work."""
    calibrations: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """By judge, `metrics` among them, its calibration.json; a judge that was never calibrated has none."""
    missing: Sequence[str] = ()
    """Columns that the suite asks for and no judge at work gives."""
    seen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By model, the names of cases that it may have met in training, and the mix that holds them."""
    judges_seen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The same by judge, of those that are models here."""
    partial: Mapping[str, str] = field(default_factory=dict)
    """Columns by a judge that one of the models was trained to please, and why they decide nothing."""
    evaluator: Mapping[str, str] = field(default_factory=dict)
    """The evaluator's pin, and the hash of each of its parts."""
    gates: Sequence[Outcome] = ()
    """What became of the gates."""

    @property
    def headline(self) -> Column:
        """The column that decides: the suite's headline, or the first that has a figure where nobody gave that one."""
        ranked = sorted(self.metrics, key=lambda column: column.name != self.suite.main_metric)
        known = (column for column in ranked if self.results.estimate(self.results.baseline, column.name))
        return next(known, ranked[0])

    @property
    def reference(self) -> str:
        """A model whose records stand for the cases themselves: all have been asked the same."""
        return self.results.baseline.members[0]

    @property
    def candidates(self) -> list[Contestant]:
        """Who is compared with the baseline."""
        return self.results.candidates

    @property
    def models(self) -> list[Contestant]:
        """Everyone but those who stand beside them."""
        return [each for each in self.results.contestants if not each.control]

    @property
    def controls(self) -> list[Contestant]:
        """The replies that were made to win, by family."""
        return [each for each in self.results.contestants if each.kind]

    @property
    def strongest_controls(self) -> list[Contestant]:
        """Of each kind the control that comes nearest to good replies by what decides, in the order of the kinds.

        One that adds to good replies is only taken where a kind has no other.
        """
        bar = self.bar
        ranked = [margin.control for margin in (*bar.margins, *bar.added, *bar.few)]
        ranked += [each for each in self.controls if each not in ranked]
        kinds = dict.fromkeys(each.kind for each in self.controls)
        return [next(each for each in ranked if each.kind == kind) for kind in kinds]

    @property
    def without_controls(self) -> list[Contestant]:
        """The models, and the rules beside them."""
        return [each for each in self.results.contestants if not each.kind]

    @property
    def bar(self) -> Bar:
        """What decides, held against the controls."""
        return bar(self.results, self.headline)

    @property
    def won(self) -> dict[str, Bar]:
        """By name, the columns that a control wins, of those that must not be won."""
        bars = [bar(self.results, each) for each in self.metrics if held(each, self.headline.name)]
        return {found.column.name: found for found in bars if found.unbeaten}

    @property
    def of_replies(self) -> list[Column]:
        """The columns of single replies; the others are of whole dialogues."""
        return [column for column in self.metrics if not isinstance(column, DialogueMetric)]

    @property
    def of_dialogues(self) -> list[Column]:
        """The columns of whole dialogues."""
        return [column for column in self.metrics if isinstance(column, DialogueMetric)]

    @property
    def unreliable(self) -> dict[str, str]:
        """Judged columns that say nothing of a new model, and why."""
        found = {}
        for calibration in self.calibrations.values():
            for name, facts in calibration.get("dimensions", {}).items():
                if not facts["reliable_for_new_models"]:
                    found[name] = str(facts["why"])
        return found

    def groups(self, kind: str) -> list[str]:
        """The groups of a kind, those first where the last candidate does worst on the measure that decides."""
        weakest = (self.candidates or [self.results.baseline])[-1]
        sign = -1 if self.headline.better == "lower" else 1
        places = {}
        for group in self.results.groups(kind):
            found = self.results.estimate(weakest, self.headline.name, in_group(kind, group))
            places[group] = sign * found.value if found else math.inf
        return sorted(places, key=lambda group: (places[group], group))
