"""Which replies count, and records as arrays, so that a report can ask for thousands of figures at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation.scoring.records import Key, Record

GROUPS: dict[str, Callable[[Record], tuple[str, ...]]] = {
    "split": lambda record: (record.split,),
    "strategy": lambda record: (record.truth.strategy,) if record.truth else (),
    "error": lambda record: (record.truth.error,) if record.truth else (),
    "level": lambda record: (record.truth.level,) if record.truth else (),
    "learner_kind": lambda record: (record.truth.learner_kind,) if record.truth else (),
    "first_language": lambda record: (record.truth.first_language,) if record.truth else (),
    "tag": lambda record: record.tags,
}
"""How replies are grouped; a record is in none, one or several groups of a kind. The empty name is no group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which replies count. Calling it with a record says whether it is one of them."""

    dialogues: bool = False
    """Every reply of the dialogues that were played; otherwise the first reply to each case."""
    kind: str = ""
    """A key of `GROUPS`, or empty for all."""
    group: str = ""
    """A group of that kind."""

    def __call__(self, record: Record) -> bool:
        inside = record.num_turns > 1 if self.dialogues else record.turn == 0
        return inside and (not self.kind or self.group in GROUPS[self.kind](record))


first_reply = Scope()
"""The replies to what the cases hold: the learner's first turn."""
in_dialogue = Scope(dialogues=True)
"""The replies in dialogues that were played to their end."""


def in_group(kind: str, name: str, scope: Scope = first_reply) -> Scope:
    """The replies of one group."""
    return replace(scope, kind=kind, group=name)


class Table:
    """Records as arrays: one row for each (case, turn, sample) that any model has, the same rows for every model."""

    def __init__(self, by_model: dict[str, list[Record]], columns: Sequence[str]) -> None:
        places: dict[Key, int] = {}
        self._shown: list[Record] = []
        self._rows: dict[str, dict[int, Record]] = {}
        for model, records in by_model.items():
            rows = self._rows[model] = {}
            for record in records:
                place = places.setdefault(record.key, len(places))
                if place == len(self._shown):
                    self._shown.append(record)
                rows[place] = record
        self._columns = {name: place for place, name in enumerate(columns)}
        self._values = {model: self._matrix(rows) for model, rows in self._rows.items()}
        self.clusters, self.num_clusters = _numbered([record.cluster for record in self._shown])
        self.dialogues, self.num_dialogues = _numbered([(record.case, record.sample) for record in self._shown])
        self.dialogue_clusters = np.zeros(self.num_dialogues, dtype=np.int64)
        self.dialogue_clusters[self.dialogues] = self.clusters
        self._opening = np.array([first_reply(record) for record in self._shown], dtype=bool)
        self._played = np.zeros(len(self._shown), dtype=bool)
        for rows in self._rows.values():
            self._played[[place for place, record in rows.items() if in_dialogue(record)]] = True
        self._groups: dict[str, dict[str, NDArray[np.bool_]]] = {}
        self._abstained: dict[str, dict[str, NDArray[np.bool_]]] = {}
        self._answered: dict[str, NDArray[np.bool_]] = {}

    def values(self, model: str) -> NDArray[np.float64]:
        """Scores of shape (rows, columns), NaN where there is none."""
        return self._values.get(model, np.full((len(self._shown), len(self._columns)), np.nan))

    def column(self, model: str, name: str) -> NDArray[np.float64]:
        """One column of them; NaN throughout where there is no such column."""
        place = self._columns.get(name)
        return np.full(len(self._shown), np.nan) if place is None else self.values(model)[:, place]

    def abstained(self, model: str, name: str) -> NDArray[np.bool_]:
        """Where a judge gave no verdict by one column."""
        if model not in self._abstained:
            found = self._abstained[model] = {}
            for place, record in self._rows.get(model, {}).items():
                for column, note in record.notes.items():
                    if column not in record.metrics and note.get("abstained"):
                        found.setdefault(column, np.zeros(len(self._shown), dtype=bool))[place] = True
        return self._abstained[model].get(name, np.zeros(len(self._shown), dtype=bool))

    def answered(self, model: str) -> NDArray[np.bool_]:
        """Where the model has a reply, or was not asked because the dialogue had ended."""
        if model not in self._answered:
            found = self._answered[model] = np.ones(len(self._shown), dtype=bool)
            found[[place for place, record in self._rows.get(model, {}).items() if record.finish == "error"]] = False
        return self._answered[model]

    def mask(self, scope: Scope) -> NDArray[np.bool_]:
        """The rows that count. A dialogue counts as played where any model got beyond its first turn."""
        base = self._played if scope.dialogues else self._opening
        if not scope.kind:
            return base
        return base & self._members(scope.kind).get(scope.group, np.zeros(len(self._shown), dtype=bool))

    def groups(self, kind: str, scope: Scope) -> list[str]:
        """The groups of a kind that occur, in alphabetical order."""
        mask = self.mask(scope)
        return sorted(group for group, members in self._members(kind).items() if (members & mask).any())

    def _members(self, kind: str) -> dict[str, NDArray[np.bool_]]:
        if kind not in self._groups:
            found = self._groups[kind] = {}
            for place, record in enumerate(self._shown):
                for group in filter(None, GROUPS[kind](record)):
                    found.setdefault(group, np.zeros(len(self._shown), dtype=bool))[place] = True
        return self._groups[kind]

    def _matrix(self, rows: dict[int, Record]) -> NDArray[np.float64]:
        found = np.full((len(self._shown), len(self._columns)), np.nan)
        for place, record in rows.items():
            for name, value in record.metrics.items():
                if name in self._columns:
                    found[place, self._columns[name]] = value
        return found


def _numbered(names: Sequence[object]) -> tuple[NDArray[np.int64], int]:
    """A number for each name, in order of appearance, and how many different ones there are."""
    places: dict[object, int] = {}
    numbers = np.array([places.setdefault(name, len(places)) for name in names], dtype=np.int64)
    return numbers, len(places)
