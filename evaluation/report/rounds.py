"""Records side by side: what all models answered to the same turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.cases.case import Messages
from evaluation.scoring.records import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What all models answered to one turn of one sample of a case."""

    sample: int
    """Which of several replies to the same."""
    turn: int
    """0 for the first reply to the case."""
    records: dict[str, Record]
    """By model, those that were asked this; never empty."""
    fresh: dict[str, Messages]
    """By model, what it was shown that was not there, nor said by itself, at the turn before."""

    @property
    def any(self) -> Record:
        """A record that stands for what all were asked."""
        return next(iter(self.records.values()))


def rounds(records: Sequence[Record], models: Sequence[str]) -> dict[str, list[Round]]:
    """By case, in the order of the first model's records; the records of other models than `models` are left out."""
    found: dict[str, dict[tuple[int, int], Round]] = {}
    for model in models:
        for record in (record for record in records if record.model == model):
            case = found.setdefault(record.case, {})
            place = record.sample, record.turn
            each = case.setdefault(place, Round(sample=record.sample, turn=record.turn, records={}, fresh={}))
            each.records[model] = record
    for case in found.values():
        for each in case.values():
            before = case.get((each.sample, each.turn - 1))
            for model, record in each.records.items():
                known = before.records.get(model) if before else None
                each.fresh[model] = record.messages[len(known.messages) + 1 if known else 0 :]
    return {name: [case[place] for place in sorted(case)] for name, case in found.items()}
