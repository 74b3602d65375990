"""What is kept of a replay's training: the evaluator's figures of both files, or why there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from research.autoresearch.looping.trial import Place, Trial
from research.autoresearch.replaying import trying
from research.autoresearch.tasks import TASKS


def tried(monkeypatch: pytest.MonkeyPatch, task: str, **trial: Any) -> dict[str, Any]:
    asked = dict[str, Any]()

    def run_trial(place: Place, commit: str, seed: int, *, out: Path, on: tuple[str, ...]) -> Trial:
        assert out.is_dir() and not list(out.iterdir())
        asked.update(commit=commit, seed=seed, on=on)
        return Trial(commit=commit, seed=seed, **trial)

    monkeypatch.setattr(trying, "run_trial", run_trial)
    place = cast(Place, type("Somewhere", (), {"task": TASKS[task]}))
    found = dict(trying.train(place, "c" * 40, 7))
    assert asked == {"commit": "c" * 40, "seed": 7, "on": ("val", "second")}
    return found


def test_both_files_figures_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        file: {"val_bpb": value, "route_accuracy": 0.5, "targets": 9} for file, value in (("val", 0.2), ("second", 0.3))
    }
    found = tried(monkeypatch, "mazes", val_bpb=0.2, evaluations=told, total_tokens=5)
    assert found["val"] == {"val_bpb": 0.2, "route_accuracy": 0.5} and found["second"]["val_bpb"] == 0.3
    assert found["why"] is None and found["total_tokens"] == 5
    assert tried(monkeypatch, "language", evaluations=told)["val"] == {"val_bpb": 0.2}


def test_what_counts_for_nothing_has_no_figure_even_where_a_file_gave_one(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"val": {"val_bpb": 0.2}, "second": {"named": "looks ahead"}}
    found = tried(monkeypatch, "language", named="looks ahead", why="at 3 of 9 places", evaluations=told)
    assert found["val"] is None and found["second"] is None and found["why"] == "looks ahead: at 3 of 9 places"
