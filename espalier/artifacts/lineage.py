"""Who descends from whom, among artifacts of all kinds, and whether what something was made from is still the same."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

from espalier.artifacts.kinds import MANIFEST, is_artifact, owner
from espalier.artifacts.registry import Artifact, read_facts

Change = Literal["gone", "changed", ""]


def children(spec: str, among: Iterable[Artifact]) -> list[Artifact]:
    """The artifacts that descend directly from what is called `spec`, complete or not."""
    return [each for each in among if spec in each.made_of and each.spec != spec]


def ancestors(spec: str, among: Mapping[str, Artifact]) -> list[str]:
    """All that the artifact `spec` descends from, artifacts or not, the nearest first. `among` is by spec."""
    return reach(spec, lambda one: among[one].made_of if one in among else ())


def descendants(spec: str, among: Mapping[str, Artifact]) -> list[str]:
    """All artifacts that descend from `spec`, the nearest first."""
    below: dict[str, list[str]] = {}
    for each in among.values():
        for parent in each.made_of:
            below.setdefault(parent, []).append(each.spec)
    return reach(spec, lambda one: below.get(one, ()))


def reach(start: str, following: Callable[[str], Iterable[str]]) -> list[str]:
    """All that is come to from `start` by `following`, the nearest first, however it turns in circles."""
    found = {start: None}
    waiting = [start]
    for one in waiting:
        new = [each for each in following(one) if each not in found]
        found |= dict.fromkeys(new)
        waiting += dict.fromkeys(new)
    return list(found)[1:]


def change(parent: str, content_hash: str, among: Mapping[str, Artifact]) -> Change:
    """Whether a parent that had `content_hash` is gone, or another now; of what is no artifact, nothing is known."""
    spec = owner(parent)
    if not is_artifact(spec):
        return ""
    if spec not in among:
        return "gone"
    manifest = among[spec].manifest
    if checkpoint := parent.partition("@")[2]:
        manifest, _ = read_facts(among[spec].folder / "checkpoints" / Path(checkpoint).name / MANIFEST)
        if not manifest:
            return "gone"
    known = content_hash and spec.partition(":")[0] == parent.partition(":")[0]  # a path's hash is over other files
    return "changed" if known and manifest.get("content_hash") != content_hash else ""
