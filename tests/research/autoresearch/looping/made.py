"""Records as a loop would write them."""

from __future__ import annotations

from typing import Any, cast

from research.autoresearch.looping.records import Record


def record(number: int, **differs: Any) -> Record:
    """A kept run of the baseline, but for what differs."""
    seconds = {"propose": 0.0, "check": 0.0, "train": 2.5, "evaluate": 1.0, "rest": 0.1, "budget": 2.0}
    plain: dict[str, Any] = {
        "number": number, "commit": "1" * 40, "parent": "1" * 40, "status": "keep", "why": "", "named": None,
        "val_bpb": 2.0, "route_accuracy": None, "memory_gb": 0.1, "description": "baseline", "proposer": "baseline",
        "hypothesis": "", "kind": "baseline", "details": {}, "seed": number, "budget": 2.0, "unit": "seconds",
        "training_seconds": 2.0, "total_seconds": 2.5, "cpu_seconds": 2.1, "total_tokens": 1000, "num_params": 100,
        "lines": 50, "confirmed": [], "decision": None, "stands": None, "hashes": {}, "walls": "sandbox",
        "torch": "2.11", "device": "cpu", "threads": 1, "seconds": seconds, "began": "2026-01-01T00:00:00+00:00",
        "base": "1" * 40,
    }  # fmt: skip
    return cast(Record, plain | differs)
