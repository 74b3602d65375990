"""What has to hold before a loop begins, or goes on: nobody should wait for hours for what could be known at once."""

from __future__ import annotations

from collections.abc import Iterator

from espalier.artifacts.code_behind import contents_of
from espalier.artifacts.paths import check_name
from espalier.artifacts.records import sha256_file
from espalier.errors import UserError
from espalier.loops.folder import LoopFolder
from research.bootstrap.loop.config import BootstrapConfig
from research.bootstrap.loop.steps import part_of

COMMAND = "research/bootstrap/run.py"
_MAY_CHANGE = ("rounds", "device")
_TRAINED = ("trunk", "adapters", "preferences")
_TASKS_AND_GRADES = tuple(
    f"research/bootstrap/{place}" for place in ("classroom", "classroom/types", "graders", "exam")
)
"""What asks, what grades and what examines: under others, rounds would say nothing of those before them."""


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
    """Begin the loop, or go on with it; one that ended at its number of rounds goes on where it is given more.

    UserError where another process has it, or where it, its milestones, what trains its models, or what asks, grades
    and examines were otherwise when it was begun.
    """
    decided_by = {
        "milestones": {"sha256": sha256_file(config.milestones)},
        "trained by": {key: sha256_file(getattr(config, key).config) for key in _TRAINED},
        "tasks and grades": {
            name: sha256 for place in _TASKS_AND_GRADES for name, sha256 in contents_of(place).items()
        },
    }
    return LoopFolder.open(
        config.name,
        config,
        parents={},
        command=COMMAND,
        about="a model from random weights that grows on its own graded attempts",
        decided_by=decided_by,
        may_change=_MAY_CHANGE,
    )
