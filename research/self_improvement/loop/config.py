"""What a loop of self-improvement is told: who begins, which families, who judges, what is learned, what ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions
from espalier.loops.trained import Trained
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.opening import FamilySettings
from research.self_improvement.voices import PREFIX, AskSettings

DEFAULT_CONFIG = Path(__file__).parents[1] / "configs" / "predict.yaml"
POLICY, START = "policy", "start"
"""Names for whoever the loop trains, as it is in a round, and for the model that it began with."""


class Proposals(Config):
    """Challenges of a round."""

    by: str = POLICY
    """Who proposes: policy, start (a proposer that is not trained), rules, or a model by reference."""
    number: int = Field(200, ge=1)
    """Challenges of each family."""
    by_rule: float = Field(0.5, ge=0, le=1)
    """Share that is written by rule at least."""
    asks: int = Field(40, ge=1)
    """Times that a model is asked for some of each family."""
    each: int = Field(4, ge=1)
    """Proposals each time."""
    temperature: float = Field(1.0, ge=0)
    """Of proposals."""
    max_new_tokens: int = Field(256, ge=1)
    """Longest proposal."""


class Performances(Config):
    """What is performed."""

    others: list[str] = []
    """Models that perform beside the policy."""
    k: int = Field(8, ge=2)
    """Performances of each challenge by each."""
    temperature: float = Field(1.0, gt=0)
    """Of what is said."""
    top_p: float = Field(1.0, gt=0, le=1)
    """The share of probability that is kept."""
    max_new_tokens: int = Field(64, ge=1)
    """Longest thing said at a time."""


class Judging(Config):
    """Who says what is better."""

    by: Literal["truth", "judges", "lot"] = "truth"
    """What is known, and judges where nothing is; judges alone; or the lot, a control."""
    judges: list[str] = []
    """The panel: policy, start, models by reference, REF*5 for five seats of one, rule:random."""
    meta_judge: str | None = None
    """Who judges judges: policy, start, or a model by reference."""
    most: int | None = Field(None, ge=1)
    """Challenges of each family that are put before judges in a round; null for all."""
    meets: int | None = Field(2, ge=1)
    """Others that each performance is compared with, about; null for all."""
    temperature: float = Field(0.0, ge=0)
    """Of judges."""
    max_new_tokens: int = Field(8, ge=1)
    """Longest judgement."""


class Learning(Config):
    """What is learned of a round."""

    what: Literal["pairs", "best", "truth"] = "pairs"
    """Preferences (DPO); the best alone, as examples; or right answers by rule, which is imitation and a control."""
    keep: int = Field(2, ge=1)
    """Of each prompt at most so many."""
    margin: float = Field(0.0, ge=0)
    """How much better the one has to be."""
    train: int | None = Field(None, ge=1)
    """Challenges of each family that are learned from, the best ranked; null for all that are new."""
    proposals: bool = True
    """Proposing is learned too."""
    judgements: bool = True
    """And judging."""
    fewest: int = Field(8, ge=1)
    """A round with fewer pairs or examples teaches nothing, and is passed over."""


class Ordinary(Config):
    """Rows that have nothing to do with the tasks, learned after each round's preferences, against forgetting."""

    mix: Name | None = None
    """The mix that they are drawn from; null for none."""
    sources: list[str] | None = None
    """Its sources that count, by name; null for all. Those that hold the tasks would teach them by imitation."""
    rows: int = Field(600, ge=1)
    """Rows of a round."""
    prefixed: float = Field(0.5, ge=0, le=1)
    """Share of them whose question begins with the prefix: it asks for something better, not for something else."""


class Core(Config):
    """The core suite that is run before and after, so that nothing is lost unseen."""

    suite: str | None = None
    """A suite; null for none."""
    mix: Name | None = None
    """Draw its held-out cases from this mix."""
    limit: int | None = Field(None, ge=1)
    """Ask at most so many cases."""
    may_lose: float = Field(0.05, ge=0)
    """A round is not taken whose loss on the deciding column, against the model that the loop began with, is surely
    greater."""


class Examined(Config):
    """Held-out challenges, the same every round."""

    size: int = Field(400, ge=1)
    """Challenges of each family."""
    samples: int = Field(4, ge=2)
    """Performances of each, sampled in round 0, of which pairs are kept to see how judges drift."""
    judges: list[str] = []
    """Who says, beside truth, which of the performances of this and of round 0 are better: policy, start or models."""


class Stop(Config):
    """What ends the loop before its rounds are done."""

    refused: int = Field(2, ge=1)
    """So many rounds in a row were not taken."""
    fall: bool = True
    """A round is not taken whose examination of a family is surely below the best so far."""


class LoopConfig(Config):
    """One loop."""

    name: Name
    """Name of the loop: loops/NAME; what its rounds make is called NAME-r00-PART."""
    model: str
    """Who begins: a run, a folder or a hub name, which is trained; or openai:NAME@URL, of which all is kept that it
    could be taught by."""
    rounds: int = Field(5, ge=1, le=999)
    """Rounds after round 0, which only examines. May be raised later: the loop goes on."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Decides, with round and part, all that is drawn."""
    families: FamilySettings
    """What is played."""
    prefix: str = PREFIX
    """What stands before every open-ended task, in training and in use; empty for nothing."""
    proposals: Proposals = Proposals()
    """Where challenges come from."""
    performances: Performances = Performances()
    """How often each is performed."""
    judging: Judging = Judging()
    """What says which is better."""
    learning: Learning = Learning()
    """What is made of it."""
    diversity: DiversitySettings = DiversitySettings()
    """What is measured, ranked by and demanded, against collapse."""
    preferring: Trained
    """How the policy learns from preferences, or from examples."""
    ordinary: Ordinary = Ordinary()
    """What is learned besides."""
    keeping: Trained
    """How it learns that."""
    core: Core = Core()
    """What it must not lose."""
    exam: Examined = Examined()
    """On what it is examined."""
    stop: Stop = Stop()
    """What ends it."""
    unwalled: bool = False
    """Run programs without walls where the sandbox cannot be had: they can do what you can."""
    ask: AskSettings = AskSettings()
    """How models are asked, and where they are trained."""

    @model_validator(mode="after")
    def _somebody_judges(self) -> Self:
        if self.judging.by == "judges" and not self.judging.judges:
            raise ValueError("judging.judges: by judges alone, and none is named; policy names the one that learns")
        if self.judging.temperature == 0 and (seated := [each for each in self.judging.judges if "*" in each]):
            raise ValueError(
                f"judging.judges: at temperature 0 all seats of {seated[0]} say the same; set judging.temperature, 1.0 "
                "say, or give it one seat"
            )
        return self

    @property
    def trains(self) -> bool:
        """Whether the model can be trained here; an endpoint cannot."""
        return not self.model.startswith("openai:")


class LoopOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""

    minutes: float | None = Field(None, gt=0)
    """Begin no further step after so long; the same command goes on."""
    warm: bool = True
    """Fork commands from a process that has imported what they need."""
