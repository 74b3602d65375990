"""The configuration of a variant: what every training command takes, for whom it is, and what it is held to."""

import difflib
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from data_mix.language.languages import code_of
from espalier.command_line.config import Config
from training.config import AdapterSettings, TrainConfig, TrainOptions


def _language(name: str) -> str:
    code = code_of(name)
    if code is None:
        raise ValueError(f"{name!r} names no language; such as es, Spanish or spa")
    return code


Language = Annotated[str, AfterValidator(_language)]
"""A language by its ISO 639 code, whatever it was called by."""


class Learner(Config):
    """For whom the variant is."""

    kind: Literal["heritage", "l2"]
    """Who grew up with the language at home, or who learns it as a second one."""
    first_language: Language
    """The language that they think in, and carry over from."""
    target_language: Language
    """The language that they are taught."""
    dialects: list[str] = []
    """Varieties of it that they bring, or that they will meet; no form of one is a mistake."""
    levels: list[Literal["A1", "A2", "B1", "B2", "C1", "C2"]] = []
    """Where they stand, by the Common European Framework."""


class Stage2Config(TrainConfig):
    """One variant: a branch of a parent, for one kind of learner, held to its gates."""

    adapter: AdapterSettings | None = AdapterSettings()
    """What is trained beside the parent's frozen weights; null trains all weights, which suits small models."""
    learner: Learner
    """For whom it is."""
    suites: list[str] = Field(min_length=1)
    """What it was made to do better: suites on which it is compared with its parent, by name or file."""
    core_suites: list[str] = ["recast"]
    """What its parent could, and it must not lose."""
    gates: list[str] = []
    """Conditions on it, as `evaluation/run.py --gate` knows them: `recast.rate>=0.6`, of the first of `suites`;
    `SUITE/recast.rate>=0.6` names another."""
    may_lose: float = Field(0.02, ge=0)
    """How much less than its parent, in the unit of a core suite's deciding column, it may do there. It is marked
    regressed unless the whole 95 % interval of the paired difference lies above that loss: neither a lucky draw nor a
    suite of few cases is proof that nothing was lost."""
    gate_limit: int | None = Field(None, ge=1)
    """Ask at most so many cases of each suite, for a quick look; fewer cases are harder to pass by."""

    @model_validator(mode="after")
    def _suites_are_named_once(self) -> Self:
        named = [*self.suites, *self.core_suites]
        twice = next((suite for suite in named if named.count(suite) > 1), None)
        if twice is not None:
            raise ValueError(f"suites, core_suites: {twice} is named twice; name it once")
        return self

    @model_validator(mode="after")
    def _gates_are_of_suites(self) -> Self:
        for suite, condition in self.conditions:
            if suite not in (*self.suites, *self.core_suites):
                near = difflib.get_close_matches(suite, [*self.suites, *self.core_suites], n=1)
                guess = f"did you mean {near[0]}?" if near else f"there are {', '.join(self.suites + self.core_suites)}"
                raise ValueError(f'gates: "{suite}/{condition}": {suite} is no suite of this variant; {guess}')
        return self

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """The gates, each with the suite that it is on."""
        parted = [gate.rpartition("/") for gate in self.gates]
        return [(suite or self.suites[0], condition) for suite, _, condition in parted]


class Stage2Options(TrainOptions):
    """Flags of one invocation."""

    variant: list[str] = []
    """Which variants: names in stage2/variants, or files. Of several each is trained as if it were alone."""
    all_: bool = False
    """All of stage2/variants, parents before children; one that fails stops none but its children."""
    engine: Literal["local", "ray"] = "local"
    """Where several are trained: here, one after another, or at once on a Ray cluster, by as many as it has processors
    or GPUs for."""
    ray_address: str | None = None
    """HOST:PORT of the cluster; by default Ray starts one on this machine."""
