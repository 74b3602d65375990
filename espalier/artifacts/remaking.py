"""How an artifact is made again: by the command that its own files tell, in a home of its own, from its parents.

The home holds links to what the artifact descends from, so that nothing is copied and nothing in the workspace is
written to.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from espalier.artifacts import gates, identity, records
from espalier.artifacts.code_behind import changed_files, code_behind
from espalier.artifacts.kinds import is_artifact
from espalier.artifacts.lineage import ancestors, change
from espalier.artifacts.registry import Artifact
from espalier.command_line import yaml_text
from espalier.errors import UserError

_MOST_FILES = 5


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What makes one kind of artifact again."""

    command: Callable[[Artifact], str]
    """The script, by its path in the checkout."""
    prepare: Callable[[Artifact, Path, bool], list[str]]
    """Writes into the home what the command wants to find there; returns the command's words."""
    conditions: Callable[[Artifact], list[str]]
    """What differs now from the conditions under which it was made, a line each, as far as that can be told before."""


def recipe_of(made: Artifact) -> Recipe:
    """What makes it again. UserError where nothing does, and why."""
    if made.state != "complete":
        raise UserError(f"{made.spec} is not complete ({made.state}), so there is nothing to compare with")
    if made.kind.word not in _RECIPES:
        raise UserError(f"{made.spec} cannot be made again by itself: {_why_not(made)}")
    return _RECIPES[made.kind.word]


def _why_not(made: Artifact) -> str:
    command = made.manifest.get("command")
    asked = any(parent.startswith("openai:") for parent in made.parents or ())
    if made.kind.word == "corpus" and command and not asked:
        return f"python {command} made it, with the config that its manifest holds; give it another --name, and compare"
    return _WHY_NOT[made.kind.word]


def check_parents(made: Artifact, among: Mapping[str, Artifact]) -> None:
    """UserError where what it was made from is gone, is another now, or was never written down."""
    if made.parents is None:
        raise UserError(f"{made.spec}: nobody wrote down what it was made from, so it cannot be made again")
    for parent, digest in made.parents.items():
        if found := change(parent, digest, among):
            said = "is gone" if found == "gone" else "has changed since"
            raise UserError(f"{made.spec} was made from {parent}, which {said}; reproduce that first, or restore it")


def link_ancestors(made: Artifact, home: Path, among: Mapping[str, Artifact]) -> None:
    """Links in `home` to all that it descends from: to a folder's entries, one by one, so that what a command keeps
    beside them (packs of a mix) is made in the home."""
    for spec in ancestors(made.spec, among):
        each = among.get(spec)
        if each is None or not is_artifact(spec):
            continue
        place = home / each.kind.folder / each.name
        place.mkdir(parents=True, exist_ok=True)
        for entry in sorted(each.folder.iterdir()):
            link = place / entry.name
            if entry.name not in (*each.kind.parts, "lock") and not entry.name.startswith(".") and not link.exists():
                link.symlink_to(entry.absolute())


def _code(before: Any, command: str) -> list[str]:
    files = changed_files(before if isinstance(before, dict) else {}, code_behind(command))
    more = f" and {len(files) - _MOST_FILES} more" if len(files) > _MOST_FILES else ""
    return [f"code: {', '.join(files[:_MOST_FILES])}{more}"] if files else []


_WATCHED_BY = "repo:training/watching/policies/log.yaml"
"""A policy under which nothing pauses: nobody sits there who would let it go on."""


def _prepare_run(made: Artifact, home: Path, anyway: bool) -> list[str]:
    """The run's own beginning is put there, and gone on with: day, threads and seeds are those of then.

    So is a variant's mark: it is not held to its gates again, whose scores are artifacts of their own.
    """
    folder = home / made.kind.folder / made.name
    if not (folder / "run.json").exists():
        watched = {"trackers": [], "monitors": {**made.identity["config"].get("monitors", {}), "policy": _WATCHED_BY}}
        begun = {**made.identity, "config": {**made.identity["config"], **watched}, "continued": []}
        records.write_json(folder / "run.json", begun)
        if (made.folder / gates.FILE).exists():
            records.write_json(folder / gates.FILE, records.read_json(made.folder / gates.FILE))
    return ["--resume", made.name, *(["--allow_changed_environment"] if anyway else [])]


def _conditions_of_run(made: Artifact) -> list[str]:
    before = made.identity["environment"]
    now = identity.environment(
        device=before["device"], threads=before["threads"], compile_mode=before["compile"]
    )  # the rest is found out by the command itself
    continued = [f"continued {each['at']} under other conditions" for each in made.identity.get("continued", [])]
    return identity.differences(before, now, "environment.") + _code(
        made.identity["code"], made.identity["command"]
    ) + continued  # fmt: skip


def _prepare_mix(made: Artifact, home: Path, anyway: bool) -> list[str]:
    return [_written(home, made, made.manifest["recipe"]), *(["--round"] if made.round else [])]


def _conditions_of_mix(made: Artifact) -> list[str]:
    from importlib import metadata

    before = dict(made.manifest["made_with"])
    code = before.pop("code")
    now = {name: metadata.version(name) for name in before if name != "signatures"}
    before.pop("signatures", None)
    return identity.differences(before, now, "package ") + _code(code, "data_mix/build.py")


def _prepare_export(made: Artifact, home: Path, anyway: bool) -> list[str]:
    words = [_written(home, made, {**made.manifest["config"], "name": made.name})]
    regressed = any((home / "runs" / spec.partition(":")[2] / gates.FILE).exists() for spec in made.made_of)
    return [*words, *(["--force"] if regressed else []), *(["--round"] if made.round else [])]


def _prepare_scores(made: Artifact, home: Path, anyway: bool) -> list[str]:
    words = shlex.split(records.read_json(made.folder / "report.json")["command"])[2:]
    name = [] if "--name" in words else ["--name", made.name]
    return [*words, *name, *(["--round"] if made.round else [])]


def _packages(made: Artifact) -> list[str]:
    return identity.differences(made.manifest["packages"], identity.versions(), "package ")


def _written(home: Path, made: Artifact, config: Mapping[str, Any]) -> str:
    path = home / f"{made.kind.word}-{made.name}.yaml"
    records.write_text(path, yaml_text.dump(dict(config)))
    return str(path)


_RECIPES = {
    "run": Recipe(
        command=lambda made: str(made.identity["command"]), prepare=_prepare_run, conditions=_conditions_of_run
    ),
    "mix": Recipe(command=lambda _: "data_mix/build.py", prepare=_prepare_mix, conditions=_conditions_of_mix),
    "scores": Recipe(command=lambda _: "evaluation/run.py", prepare=_prepare_scores, conditions=_packages),
    "export": Recipe(command=lambda _: "exports/run.py", prepare=_prepare_export, conditions=_packages),
}
_WHY_NOT = {
    "corpus": "a model behind an endpoint wrote it, and writes something else each time",
    "judge": "its labels are known by name and hash alone; python evaluation/judges/train.py --labels FILE … --name "
    "ANOTHER teaches it again",
}
