"""What was tried, idea by idea: of the search each choice that was changed, of others who proposed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluation.comparison.over_seeds import interval
from research.autoresearch.reporting.material import Loop, Try


@dataclass
class Idea:
    """One idea and the experiments that tried it."""

    name: str
    tries: list[Try] = field(default_factory=list)
    values: dict[str, None] = field(default_factory=dict)
    """What the choice was set to, in the order of first trial."""

    def count(self, status: str) -> int:
        return sum(each.run.status == status for each in self.tries)

    @property
    def changes(self) -> list[float]:
        """By how much val_bpb changed, of those that have one."""
        return [each.change for each in self.tries if each.change is not None]

    @property
    def best(self) -> Try | None:
        """The one with the lowest change."""
        known = [(each.change, each.run.number, each) for each in self.tries if each.change is not None]
        return min(known)[2] if known else None

    @property
    def mean(self) -> tuple[float, float, float] | None:
        """The mean change with its interval over tries; None where none has a figure."""
        if not self.changes:
            return None
        low, high, _ = interval(np.array(self.changes))
        return float(np.mean(self.changes)), low, high


def ideas_of(loop: Loop) -> list[Idea]:
    """All ideas, the most often tried first. An experiment that changed several choices counts for each."""
    found: dict[str, Idea] = {}
    for each in loop.tries:
        for name, value in _ideas(each):
            idea = found.setdefault(name, Idea(name))
            idea.tries.append(each)
            if value:
                idea.values[value] = None
    return sorted(found.values(), key=lambda idea: (-len(idea.tries), idea.name))


def changes_of(tried: Try) -> Mapping[str, Any]:
    """The choices that the search changed, each from what to what; empty for others' proposals."""
    details = tried.run.get("details")
    changes = details.get("changes") if isinstance(details, Mapping) else None
    return changes if isinstance(changes, Mapping) else {}


def _ideas(tried: Try) -> Iterator[tuple[str, str]]:
    if changes := changes_of(tried):
        for name, (_, after) in changes.items():
            yield str(name), str(after)
    else:
        yield f"by {tried.run.get('proposer') or 'nobody who was noted'}", ""
