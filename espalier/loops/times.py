"""How long each step of a loop took, as its folder keeps it: times say nothing of what a loop came to."""

from __future__ import annotations

from pathlib import Path

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import append_jsonl, read_json, read_jsonl
from espalier.artifacts.run import timestamp

_FILE = "times.jsonl"


class Times:
    """Keeps them, as `pace.Pace` tells them."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def __call__(self, what: str, seconds: float) -> None:
        append_jsonl(self._path, {"step": what, "seconds": round(seconds, 2), "at": timestamp()})


def seconds_of(folder: Path) -> dict[str, float]:
    """Seconds that each artifact of a loop took to be made, all tries together but those that were killed; those too of
    the round 0 of another loop that it began from."""
    begun, path, found = folder / "loop.json", folder / _FILE, dict[str, float]()
    if begun.is_file() and (other := read_json(begun)["config"].get("begin_from")):
        found = {step: spent for step, spent in seconds_of(artifact("loops", other)).items() if "-r00-" in step}
    for each in read_jsonl(path) if path.is_file() else ():
        found[each["step"]] = found.get(each["step"], 0) + each["seconds"]
    return found
