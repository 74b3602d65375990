"""What has to hold before a loop begins, or goes on."""

from __future__ import annotations

from collections.abc import Iterator

from espalier.artifacts.code_behind import contents_of
from espalier.artifacts.paths import artifact, check_name
from espalier.artifacts.records import is_complete, sha256_file
from espalier.errors import UserError
from espalier.loops.folder import LoopFolder
from espalier.models.references import resolve
from research.self_improvement.families.opening import open_families
from research.self_improvement.loop.config import LoopConfig
from research.self_improvement.loop.steps import part_of

COMMAND = "research/self_improvement/run.py"
_MAY_CHANGE = ("rounds", "ask")
_TRAINED = ("preferring", "keeping")
_TASKS = (
    *(f"research/self_improvement/families{place}" for place in (
        "", "/predict_output", "/programming", "/programming/kinds", "/social_games", "/social_games/games",
        "/social_games/policies", "/trivia",
    )),
    "research/self_improvement/judging",
    "research/self_improvement/examination",
)  # fmt: skip
"""What asks, what verifies and what examines: under others, rounds would say nothing of those before them."""


def check(config: LoopConfig) -> None:
    """UserError with all that is wrong with a loop's configuration."""
    if problems := list(_problems(config)):
        raise UserError("\n".join(problems))
    open_families(config.families)


def _problems(config: LoopConfig) -> Iterator[str]:
    if config.trains:
        try:
            resolve(config.model)
        except UserError as error:
            yield f"model: {error}"
    for key in _TRAINED:
        if not (path := getattr(config, key).config).is_file():
            yield f"{key}.config: {path}: no such file"
    for key, mix in (("ordinary.mix", config.ordinary.mix), ("core.mix", config.core.mix)):
        if mix and not is_complete(artifact("mixes", mix)):
            yield (
                f"{key}: mix {mix} is not there, or not complete; what to make before a loop stands at the head of its "
                f"configuration, or name another mix (--{key} null for none)"
            )
    try:
        check_name(part_of(config, config.rounds, "performances"))
    except UserError as error:
        yield f"name: {error}"


def open_folder(config: LoopConfig) -> LoopFolder:
    """Begin the loop, or go on with it; one that ended at its number of rounds goes on where it is given more.

    UserError where another process has it, or where it, the model that it begins with, what trains it, or what asks,
    verifies and examines were otherwise when it was begun.
    """
    parents = {}
    if config.trains:
        who = resolve(config.model)
        parents = {who.spec: who.content_hash}
    for mix in filter(None, {config.ordinary.mix, config.core.mix}):
        from espalier.artifacts.registry import content_hash

        parents[f"mix:{mix}"] = content_hash(f"mix:{mix}")
    return LoopFolder.open(
        config.name,
        config,
        parents=parents,
        command=COMMAND,
        about=f"{config.model} improves itself at {', '.join(open_families(config.families))}",
        decided_by={
            "trained by": {key: sha256_file(getattr(config, key).config) for key in _TRAINED},
            "tasks": {name: sha256 for place in _TASKS for name, sha256 in contents_of(place).items()},
        },
        may_change=_MAY_CHANGE,
    )
