"""The experiment that is going on, as it would be recorded now: a loop that is killed goes on with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Literal, cast

from espalier.artifacts.records import read_json, write_json
from research.autoresearch.looping.records import Record
from research.autoresearch.looping.trial import Trial

LARGEST_DETAILS = 64 << 10
"""Bytes of JSON that are kept of what a proposer notes."""
Part = Literal["propose", "check", "train", "evaluate"]


class Draft:
    """It, and the file that keeps it."""

    def __init__(self, path: Path, record: Record, *, ran: bool = False) -> None:
        self.record, self.ran = record, ran
        """`ran`: its first run is over."""
        self._path, self._began = path, monotonic()

    @classmethod
    def read(cls, path: Path) -> Draft | None:
        """The one that was going on; None where none was."""
        held = read_json(path) if path.exists() else {}
        return cls(path, cast(Record, held["record"]), ran=held["ran"]) if held else None

    def save(self) -> None:
        """Keep it as it is now."""
        self._note_the_rest()
        write_json(self._path, {"record": self.record, "ran": self.ran})

    def close(self) -> None:
        """It is recorded: none is going on."""
        write_json(self._path, {})

    def finished(self) -> Record:
        """The record, with all of its time."""
        self._note_the_rest()
        return self.record

    @contextmanager
    def timed(self, part: Part) -> Iterator[None]:
        """What is done within takes time of this part."""
        began = monotonic()
        try:
            yield
        finally:
            self._add(part, monotonic() - began)

    def note_trial(self, trial: Trial) -> None:
        """A run that was made for it, whichever."""
        self._add("train", trial.train_s)
        self._add("evaluate", trial.evaluate_s)
        self.record["seconds"]["budget"] += trial.training_seconds or 0.0

    def note_first(self, trial: Trial) -> None:
        """Its first run."""
        self.note_trial(trial)
        found = self.record
        found["named"], found["why"] = trial.named, trial.why
        found["val_bpb"], found["route_accuracy"] = trial.val_bpb, trial.route_accuracy
        found["memory_gb"], found["num_params"] = trial.memory_gb, trial.num_params
        found["training_seconds"], found["total_seconds"] = trial.training_seconds, trial.total_seconds
        found["cpu_seconds"], found["total_tokens"] = trial.cpu_seconds, trial.total_tokens
        found["hashes"] = dict(trial.evaluations["val"].get("hashes", {})) if trial.evaluations else {}
        self.ran = True

    def _add(self, part: Part, seconds: float) -> None:
        self.record["seconds"][part] += seconds
        self._began += seconds

    def _note_the_rest(self) -> None:
        """What is left of the time since it was last noted is the loop's own."""
        now = monotonic()
        self.record["seconds"]["rest"] += max(0.0, now - self._began)
        self._began = now


def details_of(details: Mapping[str, Any]) -> dict[str, Any]:
    """What a proposer noted, where it is plain data and not too much of it."""
    try:
        text = json.dumps(details)
    except (TypeError, ValueError) as error:
        return {"left out": f"no plain data: {error}"}
    if len(text) > LARGEST_DETAILS:
        return {"left out": f"{len(text):,} bytes, of at most {LARGEST_DETAILS:,}"}
    return dict(json.loads(text))
