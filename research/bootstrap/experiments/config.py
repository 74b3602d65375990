"""What an experiment is told: the question, the arms, and the loop that they are arms of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from espalier.artifacts.paths import check_name
from espalier.command_line.config import Config, FilePath, Options
from espalier.errors import UserError

LEVERS = Path(__file__).parents[1] / "levers"
BASELINE, LISTENING = "baseline", "listening"
"""What loops are called that are no arm: the loop as it is, and the round 0 that arms have in common with it."""


class Experiment(Config):
    """One lever."""

    question: str = Field(min_length=1)
    """What is asked."""
    arms: dict[str, dict[str, Any]] = Field(min_length=1)
    """By name, the keys of the loop that are otherwise than in the baseline, dotted as on its command line."""
    loop: FilePath = Path("repo:research/bootstrap/configs/levers.yaml")
    """The configuration of the loop; as it is, it is the baseline."""
    seeds: int = Field(3, ge=1, le=100)
    """Each arm is run with the seeds 0, 1, … up to so many."""

    @field_validator("arms")
    @classmethod
    def _are_names(cls, arms: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, keys in arms.items():
            try:
                check_name(name)
            except UserError as error:
                raise ValueError(str(error)) from None
            if name in (BASELINE, LISTENING) or not keys:
                raise ValueError(f"{name}: the {BASELINE} is the loop as it is, {LISTENING} its first round, and every "
                                 "arm changes a key of it")  # fmt: skip
        return arms


class ExperimentOptions(Options):
    """Flags of one invocation."""

    jobs: int = Field(1, ge=1, le=256)
    """Loops that run at once on this machine, each on the threads that its configuration says."""
    engine: Literal["local", "ray"] = "local"
    """Where they run: on this machine, or on a Ray cluster whose nodes see the same files."""
    ray_address: str | None = None
    """HOST:PORT of a Ray cluster; by default Ray starts one on this machine."""
    page: Path | None = None
    """Write what was found to this Markdown file, with a picture of each lever beside it; otherwise it is printed."""
    only_run: bool = False
    """Run the loops and compare nothing, as where several machines share them."""


def arms_of(levers: Mapping[str, Experiment]) -> dict[str, dict[str, Any]]:
    """The arms of several levers that share a baseline. UserError where they cannot."""
    first, *others = levers.values()
    if any((each.loop, each.seeds) != (first.loop, first.seeds) for each in others):
        raise UserError(f"{', '.join(levers)}: are of different loops or seeds, and share no baseline; run them apart")
    arms = dict[str, dict[str, Any]]()
    for name, lever in levers.items():
        if twice := sorted(arms.keys() & lever.arms.keys()):
            raise UserError(f"{name}: its arm {twice[0]} is another lever's too, whose loops are called the same")
        arms |= lever.arms
    return arms
