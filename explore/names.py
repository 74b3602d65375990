"""What can be talked to, by the names that requests call it by. Nothing of it is loaded here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from espalier.artifacts import records, registry
from espalier.artifacts.paths import artifact
from espalier.models.references import kind_of


def references(shown: Sequence[str]) -> dict[str, str]:
    """Reference by name, of what is shown: of a run the newest state, each checkpoint, the newest first, and the runs
    that it went on from; other models as they are."""
    found: dict[str, str] = {}
    for reference in shown:
        kind, name = kind_of(reference)
        if kind != "run":
            found[Path(name).name if kind == "path" else name] = reference
            continue
        run = name.partition("@")[0]
        folder = artifact("runs", run)
        steps = checkpoints(folder)
        if steps or records.is_complete(folder):
            found[run] = f"run:{run}"
        found |= {f"{run}@{step}": f"run:{run}@{step}" for step in reversed(steps)}
        found |= {parent: f"run:{parent}" for parent in _parents(folder)}
    return found


def checkpoints(run: Path) -> list[str]:
    """The checkpoints in a run's folder by name, the oldest first."""
    return sorted(path.parent.name for path in (run / "checkpoints").glob("step-*/manifest.json"))


def _parents(run: Path) -> list[str]:
    parents = registry.read_facts(run / "run.json")[0].get("parents", {})
    names = [spec.partition(":")[2].partition("@")[0] for spec in parents if spec.startswith("run:")]
    return [name for name in names if records.is_complete(artifact("runs", name))]
