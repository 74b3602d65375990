"""Which artifacts there are, and how they stand: read from small files alone, whatever is in them."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import psutil

from espalier.artifacts import lock, records
from espalier.artifacts.kinds import KINDS, MANIFEST, Kind, artifact_at, of_word, owner
from espalier.artifacts.paths import workspace
from espalier.artifacts.rounds import Round
from espalier.errors import UserError

State = Literal["running", "paused", "interrupted", "failed", "complete", "damaged", "foreign", "leftover"]

_LARGEST = 32 * 2**20
"""Bytes of a file that is still read to learn what an artifact is; the largest of ours has a few hundred thousand."""
NOT_OF_THE_FORM = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading data comes to that was expected in another form."""
_LEFTOVER = re.compile(r"\.(?P<of>.+)\.(?:(?P<fate>tmp|old)-(?P<pid>\d{1,9})|work)", re.DOTALL)
"""What is being written, removed or prepared, under a name that nobody takes for the whole."""


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """An artifact, or what lies in its place, as its small files tell it."""

    kind: Kind
    """What it is."""
    name: str
    """Its folder's name, which may hold anything where it is no artifact of ours."""
    folder: Path
    """Its folder."""
    state: State
    """How it stands."""
    facts: dict[str, dict[str, Any]]
    """What its files say, by file name; empty for those that are not there."""
    parents: dict[str, str] | None
    """What it was made from, with content hashes, where they are known; None where nobody wrote it down."""
    round: Round | None
    """The round of a loop that made it."""
    about: str
    """A line that says what it is, or what is wrong with it."""

    @property
    def spec(self) -> str:
        """`mix:basil`: its name among all kinds."""
        return f"{self.kind.word}:{self.name}"

    @property
    def manifest(self) -> dict[str, Any]:
        """Its manifest; empty while it is not complete."""
        return self.facts[MANIFEST]

    @property
    def identity(self) -> dict[str, Any]:
        """What was written before it was begun; empty for kinds that appear when they are whole."""
        return self.facts.get(self.kind.begun or "", {})

    @property
    def is_leftover(self) -> bool:
        """Whether it is what a process works on, or worked on when it was killed."""
        return self.name.startswith(".")

    @cached_property
    def made_of(self) -> tuple[str, ...]:
        """The artifacts and other things that it descends from directly."""
        return tuple(dict.fromkeys(map(owner, self.parents or ())))

    @cached_property
    def created(self) -> str:
        """When it was begun, or finished where that is not written down, in UTC; by the folder's age at last."""
        said = self.identity.get("created") or self.manifest.get("finished")
        if isinstance(said, str):
            return said
        try:
            return datetime.fromtimestamp(self.folder.stat().st_mtime, UTC).isoformat()
        except (OSError, ValueError):
            return ""

    @property
    def silent_s(self) -> float | None:
        """Seconds since its last heartbeat; None where it gave none."""
        beat = self.facts.get("heartbeat.json", {}).get("time")
        return time.time() - beat if isinstance(beat, int | float) else None


def survey(kinds: Iterable[Kind] = KINDS) -> list[Artifact]:
    """All that lies in the workspace, by kind, the oldest first; the rounds of a loop together, in their order."""
    found = []
    for kind in kinds:
        names = _entries(workspace() / kind.folder)
        shown = [name for name in names if not name.startswith(".") or _LEFTOVER.fullmatch(name)]
        found += _ordered([read(kind, name) for name in shown if (workspace() / kind.folder / name).is_dir()])
    return found


def _ordered(artifacts: list[Artifact]) -> list[Artifact]:
    ages = sorted(artifacts, key=lambda each: (each.created, each.name))
    begun: dict[str, str] = {}
    for each in ages:
        if each.round:
            begun.setdefault(each.round.loop, each.created)

    def place(each: Artifact) -> tuple[str, str, int]:
        return (begun[each.round.loop], each.round.loop, each.round.number) if each.round else (each.created, "", 0)

    return sorted(ages, key=place)


def source(path: Path, sha256: str) -> tuple[str, str]:
    """A file that something is made from, as a parent with its content hash: the artifact that it lies in, else
    `file:NAME`."""
    spec = artifact_at(path.resolve().parent if path.is_file() else path.resolve())
    return (spec, content_hash(spec)) if spec else (f"file:{path.name}", sha256)


def content_hash(spec: str) -> str:
    """Of the artifact `kind:NAME` as it is now; empty while it is not complete."""
    word, _, name = spec.partition(":")
    kind = of_word(word)
    return str(read(kind, name).manifest.get("content_hash", "")) if kind else ""


def read(kind: Kind, name: str) -> Artifact:
    """The artifact `name`, or what lies in its place; never an error."""
    folder = workspace() / kind.folder / name
    files = filter(None, (MANIFEST, kind.begun, *kind.beside))
    told = {file: read_facts(folder / file) for file in files}
    facts = {file: found for file, (found, _) in told.items()}
    parents, made_by, about = None, None, "nothing is written yet"
    wrong = next((why for _, why in told.values() if why), "")
    state = _leftover_state(folder, name) if name.startswith(".") else _state(kind, folder, facts, wrong)
    if name.startswith("."):
        about = _leftover_about(folder, name, state)
    elif state == "foreign":
        about = f"no {kind.word}: it has no {kind.begun or MANIFEST}"
    elif any(facts.values()):
        try:
            parents = _parents(_first("parents", facts))
            made_by = Round.read(_first("round", facts))
            if facts[MANIFEST].get("kind", kind.word) != kind.word:
                wrong = f"its {MANIFEST} is that of a {facts[MANIFEST]['kind']}"
            about = wrong or kind.about(facts)
        except NOT_OF_THE_FORM as error:
            wrong = f"its files are not of the form that those of a {kind.word} have ({type(error).__name__}: {error})"
    if wrong:
        state, about = ("damaged" if state not in ("running", "paused") else state), wrong
    return Artifact(
        kind=kind, name=name, folder=folder, state=state, facts=facts, parents=parents, round=made_by, about=about
    )


def _first(key: str, facts: dict[str, dict[str, Any]]) -> Any:
    """What the manifest says under a key, or another of the files that has it."""
    return next((found[key] for found in facts.values() if key in found), None)


def _parents(found: Any) -> dict[str, str] | None:
    if found is None:
        return None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError("its parents are not names with hashes")
    return found


def _state(kind: Kind, folder: Path, facts: dict[str, dict[str, Any]], wrong: str) -> State:
    """Told by manifest, lock, heartbeat and failure note, in that order."""
    if facts[MANIFEST]:
        return "complete"
    if _holder(folder / "lock") is not None:
        return "paused" if facts.get("heartbeat.json", {}).get("state") == "paused" else "running"
    if facts.get("failed.json"):
        return "failed"
    if any(facts.values()) or wrong:
        return "interrupted" if kind.begun else "complete"
    # A process that was killed before it wrote anything leaves its lock, and what is hidden.
    strangers = [entry for entry in _entries(folder) if not entry.startswith((".", "lock"))]
    return "foreign" if strangers or not kind.begun else "interrupted"


def _leftover_state(folder: Path, name: str) -> State:
    match = _LEFTOVER.fullmatch(name)
    if not match:
        return "foreign"
    if match["pid"]:
        return "running" if psutil.pid_exists(int(match["pid"])) else "leftover"
    return "running" if _holder(folder / "lock") is not None else "interrupted"


def _leftover_about(folder: Path, name: str, state: State) -> str:
    match = _LEFTOVER.fullmatch(name)
    if not match:
        return ""
    if not match["pid"]:
        return "parts of a build; the same command goes on with them" if state != "running" else "being built"
    doing = "written" if match["fate"] == "tmp" else "removed"
    if state == "running":
        return f"being {doing} by process {match['pid']}"
    return f"half {doing} by process {match['pid']}, which is no more"


def _holder(path: Path) -> int | None:
    try:
        return lock.holder(path) if path.is_file() else None
    except (OSError, ValueError):
        return None


def _entries(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []


def read_facts(path: Path) -> tuple[dict[str, Any], str]:
    """What a small JSON file holds, or the last line of JSON lines, and what is wrong with it."""
    try:
        if not path.exists():
            return {}, ""
        if not path.is_file():
            return {}, f"its {path.name} is no file"
        if path.suffix == ".jsonl":
            found = records.last_jsonl(path)
        elif path.stat().st_size > _LARGEST:
            return {}, f"its {path.name} has {path.stat().st_size / 2**20:,.0f} MiB, which no such file of ours has"
        else:
            found = records.read_json(path)
    except (UserError, OSError, ValueError, RecursionError) as error:
        return {}, f"its {path.name} cannot be read ({error})"
    if found is None and path.suffix == ".jsonl":
        return {}, ""
    return (found, "") if isinstance(found, dict) else ({}, f"its {path.name} holds no keys with values")
