"""The replays of a loop that there are, as artifacts: corpora/NAME with `replay.json`, and every training a line of
`runs.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from espalier.artifacts.paths import artifact, workspace
from espalier.artifacts.records import is_complete, read_json
from espalier.errors import UserError
from research.autoresearch.looping.view import LoopView

FILE, RUNS = "replay.json", "runs.jsonl"


def replay_name(task: str, tag: str, last: str, *, ends: bool = False) -> str:
    """What a replay up to the commit `last` is called where nobody names it."""
    return f"{task}-{tag}-replay-{last[:7]}{'-ends' if ends else ''}"


def read_replay(view: LoopView, name: str) -> Mapping[str, Any]:
    """What the replay `name` of this loop came to. UserError where there is none that is complete, or it is another
    loop's."""
    folder = artifact("corpora", name)
    if not is_complete(folder) or not (folder / FILE).is_file():
        raise UserError(f"{folder}: no complete replay; research/autoresearch/replay.py makes one")
    found: dict[str, Any] = read_json(folder / FILE)
    if found["loop"] != view.folder.name or found["commits"][0] != view.base:
        raise UserError(
            f"{folder}: is a replay of loop {found['loop']} from {found['commits'][0][:7]}, not of this one"
        )
    return found


def latest(view: LoopView) -> Mapping[str, Any] | None:
    """The complete replay of this loop that reaches farthest along its frontier, one of all steps before one of the
    ends alone; None where there is none."""
    places = {record["commit"]: place for place, record in enumerate(view.frontier)}
    found = list[tuple[int, bool, str, Mapping[str, Any]]]()
    for path in workspace().glob(f"corpora/*/{FILE}"):
        replayed = read_json(path) if is_complete(path.parent) else None
        if replayed and replayed["loop"] == view.folder.name and set(replayed["commits"]) <= places.keys():
            found.append((places[replayed["commits"][-1]], not replayed["ends"], path.parent.name, replayed))
    return max(found, key=lambda each: each[:3])[3] if found else None
