"""What a loop of reward learning is held to, and what it comes to in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from espalier.artifacts.records import sha256_file
from espalier.artifacts.registry import content_hash
from espalier.loops.folder import LoopFolder
from feedback.loop.config import LoopConfig

COMMAND = "feedback/rlp.py"
_KEPT = ("number", "policy", "reward", "scores", "stopped", "gamed", "exploits")
_FIGURES = ("kl", "true", "true_gain", "proxy_gain", "accuracy", "distinct")


def open_folder(config: LoopConfig, parents: Mapping[str, str]) -> LoopFolder:
    """Begin the loop, or go on with it; `parents` is what it begins from, with content hashes.

    UserError where another process has it, or where it, or what trains its models, was begun otherwise.
    """
    trained = {name: sha256_file(getattr(config, name).config) for name in ("reward", "policy")}
    return LoopFolder.open(config.name, config, parents=parents, command=COMMAND, decided_by={"trained by": trained})


def finish(folder: LoopFolder, config: LoopConfig, rounds: Sequence[Mapping[str, Any]]) -> None:
    """Seal it, with the policy of each round, and what was found of it."""
    found = [{key: each[key] for key in _KEPT} | {key: each["exam"][key] for key in _FIGURES} for each in rounds]
    taken = [each["policy"].partition("@")[0] for each in rounds if each["policy"] != config.start]
    folder.seal(found, {run: content_hash(run) for run in taken})
