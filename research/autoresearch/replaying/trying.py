"""A training of a replay: as the loop trains and evaluates, on both files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from research.autoresearch.looping.trial import Place, run_trial
from research.autoresearch.replaying.comparing import FILES, METRIC


def train(place: Place, commit: str, seed: int) -> Mapping[str, Any]:
    """Train a commit from scratch with a seed, and measure it on both files."""
    with tempfile.TemporaryDirectory(prefix="autoresearch-") as folder:
        trial = run_trial(place, commit, seed, out=Path(folder), on=("val", "second"))
    figures = (METRIC, *place.task.beside)
    told = {file: None if trial.named else _figures(trial.evaluations[file], figures) for file in FILES}
    cost = {
        "training_seconds": trial.training_seconds,
        "cpu_seconds": trial.cpu_seconds,
        "total_tokens": trial.total_tokens,
        "num_params": trial.num_params,
    }
    why = ": ".join(filter(None, (trial.named, trial.why))) if trial.named else None
    return {**told, "why": why, **cost}


def _figures(evaluation: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, float]:
    return {name: float(evaluation[name]) for name in names}
