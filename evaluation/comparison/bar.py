"""The bar: a figure that says who teaches better must give good replies more than replies that were made to win.

Each control is held against the suite's good replies, on the cases that both have; where a suite has none, against
the best of the models. It is beaten where the 95 % interval of the paired difference, clusters drawn whole, lies above
0. As every control has to be, no correction for their number is due. Where one is not, the figure does not measure
teaching on these cases, whatever the models get. A control that adds to a good reply, praise say, leaves it good, so
it need not lose: it wins where the interval says that the figure rises by it. One that could be made for fewer than
`FEWEST` independent cases says nothing either way.

What decides is held to the bar, whatever it is. Of the other columns those are that say that a reply teaches: judged
ones, the pedagogy score, rules that look for what a good reply gives. Columns that only restrain are not: a reply that
does nothing gives nothing away either, and that is no fault of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.comparison.figures import Contestant, Results
from evaluation.comparison.paired import Comparison
from evaluation.comparison.stats import Estimate
from evaluation.metrics.base import Column

REFERENCE = "rule:reference"
"""The contestant that gives the suite's good replies."""


FEWEST = 8
"""Independent cases that a control must have been made for to count: of fewer the interval is as wide as the scale."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Margin:
    """A control beside somebody, on the cases that both answered."""

    control: Contestant
    """Replies that were made to win."""
    theirs: float
    """Their mean."""
    ours: float
    """The other's mean."""
    lead: Estimate
    """How far the other is ahead: above 0 is better, in whichever direction the column is."""

    @property
    def is_beaten(self) -> bool:
        """Whether the other is surely ahead; of what adds to a good reply, whether it is not surely behind."""
        return self.lead.high >= 0 if self.control.adds else self.lead.low > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One column held against every control that was run."""

    column: Column
    """The column."""
    by: Contestant
    """Whom the controls are held against."""
    margins: tuple[Margin, ...]
    """Each control that shares cases with it, the strongest first; empty where nothing was tried."""
    added: tuple[Margin, ...]
    """The same of controls that add to good replies."""
    few: tuple[Margin, ...]
    """Those of either that could be made for too few cases to count."""

    @property
    def is_reference(self) -> bool:
        """Whether the controls are held against good replies, and not against the best of the models."""
        return self.by.name == REFERENCE

    @property
    def unbeaten(self) -> list[Margin]:
        """The controls that win, or come within the interval: with any, the column says nothing here."""
        return [each for each in (*self.margins, *self.added) if not each.is_beaten]


def bar(results: Results, column: Column) -> Bar:
    """The column held against every control, over first replies."""
    by = _held_against(results, column)
    found = margins(results, by, column, [each for each in results.contestants if each.kind])
    few = tuple(each for each in found if each.lead.num_clusters < FEWEST)
    rest = [each for each in found if each not in few]
    added = tuple(each for each in rest if each.control.adds)
    return Bar(column=column, by=by, margins=tuple(each for each in rest if each not in added), added=added, few=few)


def margins(results: Results, who: Contestant, column: Column, controls: Sequence[Contestant]) -> list[Margin]:
    """Somebody beside each control that shares cases with them, the strongest first; none where nothing is better."""
    if column.better == "neither":
        return []
    found = []
    compared = results.compare_all([(who, each, column.name) for each in controls])
    for control, comparison in zip(controls, compared, strict=True):
        if comparison:
            ours, theirs = results.means_on_both(who, control, column.name)
            found.append(Margin(control=control, theirs=theirs, ours=ours, lead=_lead(column, comparison)))
    return sorted(found, key=lambda each: (each.lead.value, each.lead.low))


def held(column: Column, decides: str) -> bool:
    """Whether a column is held to the bar: what decides, and whatever says that a reply teaches."""
    return column.better != "neither" and (column.name == decides or not column.restrains)


def _held_against(results: Results, column: Column) -> Contestant:
    references = [each for each in results.contestants if each.name == REFERENCE]
    if references and results.estimate(references[0], column.name):
        return references[0]
    sign = -1 if column.better == "lower" else 1
    known = [
        (sign * found.value, each)
        for each in [results.baseline, *results.candidates]
        if (found := results.estimate(each, column.name))
    ]
    return max(known, key=lambda each: each[0])[1] if known else results.baseline


def _lead(column: Column, comparison: Comparison) -> Estimate:
    """How far the other is ahead of the control, which is the comparison's candidate."""
    found = comparison.difference
    low, value, high = found.low, found.value, found.high
    if column.better == "higher":
        low, value, high = -high, -value, -low
    return Estimate(value=value, low=low, high=high, num_cases=found.num_cases, num_clusters=found.num_clusters)
