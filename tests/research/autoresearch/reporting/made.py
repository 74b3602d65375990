"""A loop as its log would tell of it, made up: keeps, discards, a crash, a refusal, and a replay of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from research.autoresearch.looping.records import BASELINE, Record
from research.autoresearch.looping.view import LoopView
from research.autoresearch.replaying.comparing import conclude

BASE = "b" * 40
FIRST = (2.40, 2.41, 2.39)
"""The baseline's runs."""


def commit(number: int) -> str:
    return f"{number:07x}" + "c" * 33


def record(number: int, parent: str, status: str, value: float | None, **more: Any) -> Record:
    """A line of the log."""
    told = {
        "number": number,
        "commit": commit(number),
        "parent": parent,
        "status": status,
        "why": "as it came out",
        "named": None,
        "val_bpb": value,
        "route_accuracy": None,
        "memory_gb": 0.5,
        "description": f"idea {number}",
        "proposer": "search",
        "hypothesis": "",
        "kind": "search",
        "details": {},
        "seed": 0,
        "budget": 60.0,
        "unit": "seconds",
        "training_seconds": None if value is None else 60.0,
        "total_seconds": 64.0,
        "cpu_seconds": 60.0,
        "total_tokens": 1000,
        "num_params": 100_000 + number,
        "lines": 200 + number,
        "confirmed": [],
        "decision": None,
        "stands": None,
        "hashes": {},
        "walls": "sandbox",
        "torch": "2",
        "device": "cpu",
        "threads": 2,
        "seconds": {"propose": 0.1, "check": 0.2, "train": 64.0, "evaluate": 2.0, "rest": 0.7, "budget": 60.0},
        "began": "",
        "base": BASE,
        **more,
    }
    return cast(Record, told)


def baselines(values: Sequence[float | None] = FIRST) -> list[Record]:
    return [
        record(place, BASE, "keep" if value is not None else "crash", value, commit=BASE, seed=place, lines=200,
               num_params=100_000, description=BASELINE, proposer=BASELINE)
        for place, value in enumerate(values)
    ]  # fmt: skip


def experiments(text: str = "idea") -> list[Record]:
    """Eight tries, three of them kept: one by one run, one confirmed, one that a replay will reverse."""
    first = commit(4)
    return [
        record(3, BASE, "discard", 2.45, stands=2.40, details={"changes": {"mlp": ["gelu", "geglu"]}}),
        record(4, BASE, "keep", 2.30, stands=2.40, description=f"mlp: gelu to swiglu, {text}",
               hypothesis=f"gates help, {text}",
               details={"changes": {"mlp": ["gelu", "swiglu"], "lr": [0.001, 0.002]}}),
        record(5, first, "crash", None, named="past its budget", description=text),
        record(6, first, "refused", None, named="touches research/autoresearch/evaluate.py", why=text),
        record(7, first, "keep", 2.20, stands=2.30, lines=190,
               confirmed=[{"seed": 9 + n, "candidate": 2.21 + n / 100, "incumbent": 2.3} for n in range(4)],
               decision={"status": "keep", "difference": -0.075, "interval": [-0.11, -0.04]}),
        record(8, commit(7), "discard", 9.99, stands=2.20, kind="endpoint", proposer="endpoint", description=text),
        record(9, commit(7), "refused", None, commit=commit(7), named="nothing proposed", proposer="endpoint"),
        record(10, commit(7), "keep", 2.19, stands=2.20, details={"changes": {"lr": [0.002, 0.004]}}),
    ]  # fmt: skip


def view(folder: Path, records: Sequence[Record], task: str = "language") -> LoopView:
    return LoopView(settings={"task": task, "tag": "toy"}, records=records, base=BASE, folder=folder)


VALUES = {
    BASE: ((2.40, 2.42, 2.41), (2.50, 2.51, 2.52)),
    commit(4): ((2.31, 2.32, 2.33), (2.42, 2.44, 2.43)),
    commit(7): ((2.22, 2.21, 2.24), (2.35, 2.36, 2.34)),
    commit(10): ((2.23, 2.20, 2.25), (2.37, 2.36, 2.37)),
}
"""By commit, val_bpb of three fresh seeds on val and on the second file."""


def runs(commits: Sequence[str] = tuple(VALUES)) -> list[dict[str, Any]]:
    return [
        {"commit": each, "seed": 100 + place, "val": {"val_bpb": val}, "second": {"val_bpb": second}, "why": None}
        for each in commits
        for place, (val, second) in enumerate(zip(*VALUES[each], strict=True))
    ]


def replayed(commits: Sequence[str] = tuple(VALUES)) -> dict[str, Any]:
    return {**conclude(commits, runs(commits)), "failed": [], "ends": False}
