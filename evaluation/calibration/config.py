"""The command line of a calibration."""

from __future__ import annotations

import shlex
from typing import Annotated

from pydantic import Field

from espalier.command_line.config import Config, FilePath, NotedOptions
from evaluation.config import EndpointOptions


class CalibrateConfig(Config):
    """Which judge is calibrated, and against which labels."""

    labels: list[FilePath] = []
    """Label files, by content: MRBench's bea2025_dev.json and mrbench_v2.json, MathDial's dialogues, any of these."""
    judge: str = "classifier"
    """Who is calibrated: a trained judge (judges/NAME), a reward model (run:NAME), openai:NAME@URL, or metrics for the
    rule metrics alone."""
    bridge: list[FilePath] = []
    """Files of Bridge, to see whether the judge tells an expert's reply from a novice's by style."""
    controls: list[str] | None = None
    """Replies made to win that are held against good ones, by family or kind (salad,style), all, or none. All by
    default; fewer for endpoints, which are asked each."""
    problems: Annotated[int, Field(ge=10)] | None = None
    """Take at most so many problems, at random: for endpoints, which are asked every reply to each."""
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    """Parts that the problems are divided into."""
    resamples: Annotated[int, Field(ge=100)] = 2000
    """Draws of problems for the intervals."""
    seed: int = 0
    """Of the folds, the draws and the controls."""
    workers: Annotated[int, Field(ge=1, le=256)] = 4
    """Questions that an endpoint gets at once."""
    endpoint: EndpointOptions = EndpointOptions()
    """How endpoints are asked."""


class CalibrateOptions(NotedOptions):
    """Flags of one invocation."""


def command(config: CalibrateConfig) -> str:
    """The command that finds the same again; files by their names alone."""
    words = ["--judge", config.judge, "--labels", *(path.name for path in config.labels)]
    if config.bridge:
        words += ["--bridge", *(path.name for path in config.bridge)]
    if config.controls is not None:
        words += ["--controls", *(config.controls or ["none"])]
    default = CalibrateConfig()
    for key in ("problems", "folds", "resamples", "seed"):
        if getattr(config, key) != getattr(default, key):
            words += [f"--{key}", str(getattr(config, key))]
    return f"python evaluation/calibrate.py {shlex.join(words)}"
