"""What is known of how far a judge agrees with teachers: `calibration.json`, which `evaluation/calibrate.py` writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_json
from espalier.errors import UserError

VERSION = 1
METRICS_ALONE = "metrics"
"""The name under which the calibration of the rule metrics is kept."""


def path_of(name: str) -> Path:
    """Where the calibration of the judge `name` lies, whether it exists or not."""
    return artifact("judges", name) / "calibration.json"


def read(name: str) -> dict[str, Any] | None:
    """The calibration of the judge `name`; None where there is none. UserError where the file is another's."""
    path = path_of(name)
    if not path.exists():
        return None
    found = read_json(path)
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise UserError(f"{path}: not a calibration of version {VERSION}; make it again with evaluation/calibrate.py")
    return found


def reliable(name: str) -> dict[str, tuple[bool, str]]:
    """By dimension: whether its verdicts mean something for a model that no teacher labelled, and why or why not.

    Empty where the judge was never calibrated.
    """
    found = read(name) or {"dimensions": {}}
    return {
        dimension: (facts["reliable_for_new_models"], facts["why"]) for dimension, facts in found["dimensions"].items()
    }
