"""What has to hold before a loop begins, or goes on: nobody should wait for hours for what could be known at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from espalier.artifacts.code_behind import contents_of
from espalier.artifacts.identity import differences
from espalier.artifacts.paths import artifact, check_name
from espalier.artifacts.records import read_json, sha256_file
from espalier.command_line.config import to_dict
from espalier.errors import UserError
from espalier.loops.folder import LoopFolder
from research.bootstrap.loop.config import BootstrapConfig
from research.bootstrap.loop.steps import part_of

COMMAND = "research/bootstrap/run.py"
_MAY_CHANGE = ("rounds", "device")
_TRAINED = ("trunk", "adapters", "preferences")
_TASKS_AND_GRADES = (
    *(f"research/bootstrap/{place}" for place in ("classroom", "classroom/types", "graders", "exam")),
    "data_mix/curriculum/pairs.py",
)
"""What asks, what grades and what examines: under others, rounds would say nothing of those before them."""
_LISTENING = "r00"
_AFTER_LISTENING = frozenset({
    "name", "rounds", "begin_from", "stop", "bands", "curves", "sessions", "heard", "heard_focus", "overheard",
    "more_sessions", "attempts", "temperature", "demonstrations", "adapter", "adapters", "preferences",
    "staging", "threshold", "weights", "negatives", "separate", "half_life", "own_turns_divisor",
    "permuted_grades", "permuted_reactions",
})  # fmt: skip
"""Keys of which nothing in round 0 depends, where no pupil speaks and nothing is graded. Any other key decides it."""


def check(config: BootstrapConfig) -> None:
    """UserError with all that is wrong with a loop's configuration."""
    if problems := list(_problems(config)):
        raise UserError("\n".join(problems))


def _problems(config: BootstrapConfig) -> Iterator[str]:
    for path in (*(getattr(config, key).config for key in _TRAINED), config.milestones):
        if not path.is_file():
            yield f"{path}: no such file"
    try:
        check_name(part_of(config, config.rounds - 1, f"sessions.{config.more_sessions}"))
    except UserError as error:
        yield f"name: {error}"


def open_folder(config: BootstrapConfig) -> LoopFolder:
    """Begin the loop, or go on with it; one that ended at its number of rounds goes on where it is given more. One that
    begins from another's listening is given that as its round 0.

    UserError where another process has it, or where it, its milestones, what trains its models, or what asks, grades
    and examines were otherwise when it was begun.
    """
    decided_by = _decided_by(config)
    listened = _listened(config, decided_by)
    folder = LoopFolder.open(
        config.name,
        config,
        parents=listened["made"] if listened else {},
        command=COMMAND,
        about="a model from random weights that grows on its own graded attempts",
        decided_by=decided_by,
        may_change=_MAY_CHANGE,
    )
    if listened and not folder.found(_LISTENING):
        folder.keep(_LISTENING, listened)
    return folder


def listening_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Of a configuration as plain data, what decides round 0: of the trunk's keys, those that listening leaves."""
    decides = {key: value for key, value in config.items() if key not in _AFTER_LISTENING}
    trunk = decides["trunk"]
    return decides | {"trunk": {**trunk, "keys": {**trunk["keys"], **decides["listening"]["keys"]}}}


def _decided_by(config: BootstrapConfig) -> dict[str, dict[str, Any]]:
    return {
        "milestones": {"sha256": sha256_file(config.milestones)},
        "trained by": {key: sha256_file(getattr(config, key).config) for key in _TRAINED},
        "tasks and grades": {
            name: sha256 for place in _TASKS_AND_GRADES for name, sha256 in contents_of(place).items()
        },
    }


def _listened(config: BootstrapConfig, decided_by: Mapping[str, Any]) -> dict[str, Any] | None:
    """Round 0 of the loop that this one begins from, as it was when it began; None where it listens itself."""
    if config.begin_from is None:
        return None
    taken = artifact("loops", config.name) / "exams" / f"{_LISTENING}.json"
    if taken.exists():
        return dict(read_json(taken))
    folder = artifact("loops", config.begin_from)
    found = folder / "exams" / f"{_LISTENING}.json"
    if not found.exists():
        raise UserError(f"begin_from: loop {config.begin_from} has not listened: {found} is not there; run it first")
    begun = read_json(folder / "loop.json")
    if changed := differences(_heard(begun["config"], begun), _heard(to_dict(config), decided_by)):
        raise UserError(
            f"begin_from: loop {config.begin_from} listened to something else ({'; '.join(changed)}); make them equal, "
            "or let this one listen itself"
        )
    return dict(read_json(found))


def _heard(config: Mapping[str, Any], decided_by: Mapping[str, Any]) -> dict[str, Any]:
    alike = {key: decided_by.get(key, {}) for key in ("milestones", "tasks and grades")}
    return {**listening_of(config), **alike, "trained by": {"trunk": decided_by["trained by"]["trunk"]}}
