"""What is kept of an experiment: a line of `results-TASK.jsonl`, and the five columns that people know it by."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from espalier.command_line.console import printable

Status = Literal["keep", "discard", "crash", "refused"]
BASELINE = "baseline"
"""The description, and the proposer, of a run of the program as it was found."""
HEADER = ("commit", "val_bpb", "memory_gb", "status", "description")
"""Columns of `results-TASK.tsv`."""
_LONGEST = 300


class Seconds(TypedDict):
    """Where an experiment's time went, confirming runs included."""

    propose: float
    check: float
    train: float
    evaluate: float
    rest: float
    """The loop's own: git, files, deciding."""
    budget: float
    """No further part: what the trainings say that they trained, of all of `train`."""


class Confirmed(TypedDict):
    """A pair of runs with a seed that neither was run with before."""

    seed: int
    candidate: float
    incumbent: float


class Record(TypedDict):
    """An experiment, or a run of the baseline."""

    number: int
    """Counts from 0, baselines included."""
    commit: str
    """40 hex digits; the parent's where nothing was committed."""
    parent: str
    """What stood when it was tried."""
    status: Status
    why: str
    named: str | None
    """By which name it was refused or failed."""
    val_bpb: float | None
    """Of its first run."""
    route_accuracy: float | None
    memory_gb: float | None
    description: str
    proposer: str
    hypothesis: str
    kind: str
    details: dict[str, Any]
    """What the proposer noted, as it gave it."""
    seed: int
    """Of its first run."""
    budget: float
    unit: str
    training_seconds: float | None
    total_seconds: float | None
    cpu_seconds: float | None
    """The kernel's count for the training, whatever that says of itself."""
    total_tokens: int | None
    num_params: int | None
    lines: int | None
    """Of code, see `deciding.simplicity`."""
    confirmed: list[Confirmed]
    decision: dict[str, Any] | None
    """A `deciding.Decision`; None where there was nothing to decide."""
    stands: float | None
    """What the first run was held against."""
    hashes: dict[str, Any]
    """Of locked files, validation data and checkpoint, as the evaluator found them."""
    walls: str
    torch: str
    device: str
    threads: int
    seconds: Seconds
    began: str
    base: str
    """The commit whose locked files evaluated it."""


def row(record: Record) -> str:
    """The line of `results-TASK.tsv` for a record, without its end."""
    status = "crash" if record["status"] == "refused" else record["status"]
    memory = record["memory_gb"] or 0.0
    bits = record["val_bpb"] if status != "crash" and record["val_bpb"] is not None else 0.0
    description = printable(" ".join(record["description"].split()), most=_LONGEST)
    return "\t".join((record["commit"][:7], f"{bits:.6f}", f"{memory:.1f}", status, description))
