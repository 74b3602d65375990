"""Which runs there are, how they stand, and who descends from whom."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from espalier.artifacts import lock, records
from espalier.artifacts.paths import artifact, workspace
from espalier.errors import UserError

State = Literal["running", "paused", "interrupted", "failed", "complete"]


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """A run as its files tell it."""

    name: str
    """Its name."""
    folder: Path
    """Its folder."""
    state: State
    """How it stands."""
    identity: dict[str, Any]
    """Its `run.json`; empty where it was killed before writing it."""
    manifest: dict[str, Any] | None
    """Its manifest; None while it is not complete."""
    step: int | None
    """The last step it told of."""
    silent_s: float | None
    """Seconds since its last heartbeat; None where it never gave one."""
    reason: str | None
    """Why it failed."""

    @property
    def parents(self) -> dict[str, str]:
        """What it descends from, with content hashes."""
        return dict(self.identity.get("parents", {}))


def status(folder: Path) -> State:
    """How the run in `folder` stands: told by manifest, lock, heartbeat and failure note, in that order."""
    if records.is_complete(folder):
        return "complete"
    if lock.holder(folder / "lock") is not None:
        return "paused" if _read(folder / "heartbeat.json").get("state") == "paused" else "running"
    return "failed" if (folder / "failed.json").exists() else "interrupted"


def info(name: str) -> RunInfo:
    """One run; UserError where there is none of that name."""
    folder = artifact("runs", name)
    if not folder.is_dir():
        known = ", ".join(run.name for run in list_runs()) or "none"
        raise UserError(f"no run is called {name} (there are: {known})")
    beat = _read(folder / "heartbeat.json")
    return RunInfo(
        name=name,
        folder=folder,
        state=status(folder),
        identity=_read(folder / "run.json"),
        manifest=records.read_manifest(folder),
        step=beat.get("step"),
        silent_s=time.time() - beat["time"] if "time" in beat else None,
        reason=_read(folder / "failed.json").get("reason"),
    )


def list_runs() -> list[RunInfo]:
    """All runs of the workspace, the oldest first."""
    folder = workspace() / "runs"
    names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    runs = [info(name) for name in names if not name.startswith(".")]
    return sorted(runs, key=lambda run: (run.identity.get("created", ""), run.name))


def children(name: str) -> list[str]:
    """The runs that descend directly from the run `name`, complete or not."""
    return [run.name for run in list_runs() if any(_run_name(parent) == name for parent in run.parents)]


def lineage(name: str) -> list[str]:
    """Everything the run `name` descends from, as `run:…`, `mix:…`, `path:…`, `hub:…`, the nearest first."""
    found: list[str] = []
    waiting = [f"run:{name}"]
    while waiting:
        ancestor = _run_name(waiting.pop(0))
        for parent in _read(artifact("runs", ancestor) / "run.json").get("parents", {}) if ancestor else ():
            if parent not in found:
                found.append(parent)
                waiting.append(parent)
    return found


def _run_name(parent: str) -> str | None:
    """The run in `run:NAME` or, for one of its checkpoints, `run:NAME@step-000100`; None for other parents."""
    kind, _, name = parent.partition(":")
    return name.partition("@")[0] if kind == "run" else None


def _read(path: Path) -> dict[str, Any]:
    return dict(records.read_json(path)) if path.exists() else {}
