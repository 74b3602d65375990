"""What a loop takes beside its budgets, by its records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espalier.errors import UserError
from research.autoresearch.looping.view import LoopView
from research.benchmarks.autoresearch.overhead import told
from tests.research.autoresearch.looping.made import record

SECONDS = {"propose": 1.0, "check": 0.1, "train": 33.0, "evaluate": 4.5, "rest": 0.2, "budget": 29.0}


def view(*records: Any, **settings: Any) -> LoopView:
    return LoopView(
        settings={"task": "language", "budget": 10.0, "budget_in": "seconds", **settings},
        records=records,
        base="1" * 40,
        folder=Path("loops/autoresearch-language-a"),
    )


def test_parts_are_held_against_the_budgets_of_all_trainings() -> None:
    pair = {"seed": 9, "candidate": 2.0, "incumbent": 2.0}
    found = record(0, confirmed=[pair], seconds=SECONDS)
    first, parts, own, ratio = told(view(found, record(1, val_bpb=None)), [12.0, 13.0])
    assert first.startswith("1 experiments, 3 trainings of 10 seconds")
    assert "| trainings, from the start of Python to their end, less their budgets | 3.0 s | 10.00 % |" in parts
    assert own == "The loop's own: 1.00 % of the budgets."
    assert "12.6 s in the loop and 12.5 s at a prompt (mean of 2): 1.008 times as long" in ratio


def test_budgets_that_are_no_time_and_loops_without_results_are_told() -> None:
    with pytest.raises(UserError, match="its budget is in tokens"):
        list(told(view(record(0), budget_in="tokens"), []))
    with pytest.raises(UserError, match="nothing was run to its end"):
        list(told(view(), []))
