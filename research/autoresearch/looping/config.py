"""What a loop is told: what decides it, and what is said for one invocation."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from espalier.command_line.config import Config, Name, Options
from evaluation.config import EndpointOptions
from research.autoresearch.looping.view import name_of


class AutoresearchConfig(Config):
    """What decides a loop, from its first experiment to its last."""

    task: Literal["language", "mazes"]
    """What is to get better; its training alone is edited."""
    tag: Name
    """Names the run: branch autoresearch/TAG, loops/autoresearch-TASK-TAG."""
    budget: float = Field(300.0, gt=0)
    """Of one training."""
    budget_in: Literal["seconds", "tokens", "flops"] = "seconds"
    """Of what: on a machine that others use too, tokens or flops are fair, and seconds are not."""
    baselines: int = Field(3, ge=1, le=100)
    """How often the program is run as it was found, with seeds 0, 1 and so on: by these the noise is known."""
    confirm: bool = False
    """Run a would-be keep again with fresh seeds, beside what it is to replace, and keep it only if the difference
    stands: of changes that make none at most 5 in 100 are kept, where plain strictly lower keeps half."""
    simplicity: bool = True
    """Lines of code count where the noise does not tell: a gain below it that adds lines is discarded, and with
    --confirm what removes lines and is shown to lose nothing beyond it is kept."""
    corpus: Name | None = None
    """The prepared data, corpora/NAME; autoresearch-TASK unless another is named."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Decides what a search draws, and the seeds of confirming runs."""
    threads: int | None = Field(None, ge=1, le=1024)
    """Of the CPU, for each training; as many as there are processors unless a number is said."""
    device: str = "cpu"
    """cpu, cuda or cuda:N. A GPU can be used only without walls."""
    walls: bool = True
    """Trainings see nothing but their own files. Without walls they can read and change all that you can."""

    @property
    def name(self) -> str:
        """The name of the loop's folder."""
        return name_of(self.task, self.tag)

    @property
    def branch(self) -> str:
        """The branch that experiments are commits of."""
        return f"autoresearch/{self.tag}"

    @field_validator("device")
    @classmethod
    def _is_a_device(cls, value: str) -> str:
        if not re.fullmatch(r"cpu|cuda(:\d+)?", value):
            raise ValueError(f"{value!r} is no device: cpu, cuda, or cuda:N for one of several")
        return value

    @field_validator("tag")
    @classmethod
    def _is_a_branch(cls, value: str) -> str:
        if value.endswith((".", ".lock")):
            raise ValueError(f"{value!r} cannot name a branch: it must not end in '.' or '.lock'")
        return value

    @model_validator(mode="after")
    def _has_walls_where_it_can(self) -> Self:
        if self.walls and self.device != "cpu":
            raise ValueError(
                f"device: {self.device} cannot be reached from behind walls; say --walls false, and trainings can read "
                "and change all that you can, which every row will say"
            )
        return self


class AutoresearchOptions(Options):
    """Who proposes, and when to stop: said each time."""

    agent: str | None = None
    """A command that starts a coding agent, which reads the contract and the history on standard input."""
    endpoint: str | None = None
    """Address of an OpenAI-compatible server, which is asked for one patch at a time."""
    model: str | None = None
    """Which model of the endpoint."""
    asking: EndpointOptions = EndpointOptions()
    """How it is asked."""
    search: bool = False
    """Search a typed space of changes; nobody is asked."""
    how: Literal["tpe", "neighbours", "random"] = "tpe"
    """How is searched: by what was measured, evenly around the best so far, or anywhere."""
    agent_minutes: float = Field(30.0, gt=0)
    """How long an agent may take for one proposal."""
    experiments: int | None = Field(None, ge=0)
    """Stop when so many were tried in all, baselines not counted."""
    minutes: float | None = Field(None, gt=0)
    """Begin no further experiment after so long; the same command goes on."""
    give_up: int = Field(30, ge=1)
    """Stop when so many proposals in a row came to no result at all."""

    @model_validator(mode="after")
    def _one_proposes(self) -> Self:
        who = [self.agent is not None, self.endpoint is not None, self.search]
        if sum(who) > 1:
            raise ValueError("--agent, --endpoint and --search exclude each other: one proposes")
        if (self.endpoint is None) != (self.model is None):
            raise ValueError("--endpoint and --model belong together")
        return self
