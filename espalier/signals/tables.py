"""The tables of `signals.db`, and what their rows mean."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from espalier.artifacts.records import finite
from espalier.signals.records import (
    Dialogue,
    Event,
    KeptAnswer,
    KeptDialogue,
    KeptSignal,
    Picture,
    Said,
    Severity,
    Signal,
    Turn,
)

_KEPT = "id INTEGER PRIMARY KEY AUTOINCREMENT, step INTEGER NOT NULL, at TEXT NOT NULL"
COLUMNS = {
    "signals": ("monitor TEXT NOT NULL", "name TEXT NOT NULL", "value REAL", "severity TEXT", "said TEXT NOT NULL",
                "evidence TEXT NOT NULL"),
    "answers": ("prompt INTEGER NOT NULL", "system TEXT", "asked TEXT NOT NULL", "reply TEXT NOT NULL",
                "finish TEXT NOT NULL"),
    "turns": ("dialogue INTEGER NOT NULL", "turn INTEGER NOT NULL", "system TEXT", "role TEXT NOT NULL",
              "said TEXT NOT NULL", "finish TEXT NOT NULL"),
    "events": ("who TEXT NOT NULL", "what TEXT NOT NULL", "said TEXT NOT NULL", "evidence TEXT NOT NULL"),
    "pictures": ("what TEXT NOT NULL", "value TEXT NOT NULL"),
}  # fmt: skip
"""Of each table, what it holds besides a row's number, its step and its time."""

SCHEMA = [
    *(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join((_KEPT, *own))})" for table, own in COLUMNS.items()),
    "CREATE INDEX IF NOT EXISTS signals_by_name ON signals (monitor, name, step)",
    *(f"CREATE INDEX IF NOT EXISTS {table}_by_step ON {table} (step)" for table in COLUMNS),
]


def names(table: str) -> dict[str, str]:
    """The kind of each of its columns, by name: INTEGER, REAL or TEXT."""
    own = (column.split() for column in COLUMNS[table])
    return {"id": "INTEGER", "step": "INTEGER", "at": "TEXT"} | {name: kind for name, kind, *_ in own}


def insert(table: str) -> str:
    """The statement that adds a row."""
    given = [name for name in names(table) if name != "id"]
    return f"INSERT INTO {table} ({', '.join(given)}) VALUES ({', '.join('?' * len(given))})"


def as_json(value: Any) -> str:
    """A value as it is kept: a number that is not finite as null, and what JSON has no form for as the text it is."""
    return json.dumps(finite(value), ensure_ascii=False, allow_nan=False, default=str)


def of_signal(monitor: str, signal: Signal) -> tuple[Any, ...]:
    """A signal's columns."""
    value = finite(None if signal.value is None else float(signal.value))
    severity = signal.severity.word if signal.severity is not None else None
    return monitor, signal.name, value, severity, signal.said, as_json(signal.evidence)


def signals(rows: Iterable[sqlite3.Row]) -> list[KeptSignal]:
    """Signals from their rows."""
    return [
        KeptSignal(
            **_kept(row),
            monitor=row["monitor"],
            signal=Signal(
                name=row["name"],
                value=row["value"],
                severity=Severity[row["severity"].upper()] if row["severity"] else None,
                said=row["said"],
                evidence=json.loads(row["evidence"]),
            ),
        )
        for row in rows
    ]


def answers(rows: Iterable[sqlite3.Row]) -> list[KeptAnswer]:
    """Answers from their rows."""
    columns = ("prompt", "system", "asked", "reply", "finish")
    return [KeptAnswer(**_kept(row), said=Said(**{name: row[name] for name in columns})) for row in rows]


def dialogues(rows: Iterable[sqlite3.Row]) -> list[KeptDialogue]:
    """Dialogues from the rows of their turns, in the order in which they were written."""
    found = []
    for _, of_one in groupby(rows, key=lambda row: (row["step"], row["at"], row["dialogue"])):
        turns = list(of_one)
        said = [Turn(role=turn["role"], said=turn["said"], finish=turn["finish"]) for turn in turns]
        found.append(KeptDialogue(**_kept(turns[-1]), dialogue=Dialogue(turns=said, system=turns[0]["system"])))
    return found


def events(rows: Iterable[sqlite3.Row]) -> list[Event]:
    """Events from their rows."""
    columns = ("who", "what", "said")
    return [
        Event(**_kept(row), **{name: row[name] for name in columns}, evidence=json.loads(row["evidence"]))
        for row in rows
    ]


def pictures(rows: Iterable[sqlite3.Row]) -> list[Picture]:
    """Pictures from their rows."""
    return [Picture(**_kept(row), what=row["what"], value=json.loads(row["value"])) for row in rows]


def plain(row: sqlite3.Row) -> dict[str, Any]:
    """A row as JSON has it."""
    found = dict(row)
    return found | {name: json.loads(found[name]) for name in ("evidence",) if name in found}


def _kept(row: sqlite3.Row) -> dict[str, Any]:
    return {"id": row["id"], "step": row["step"], "at": row["at"]}
