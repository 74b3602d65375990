"""What a loop is told: where the policy begins, what is known of its replies, and what ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from espalier.command_line.config import ArtifactOptions, Config, FilePath, Name, NotedOptions
from espalier.loops.trained import Trained
from espalier.models.devices import Device

DEFAULT_CONFIG = Path(__file__).parents[1] / "configs" / "rlp-basil.yaml"
REWARD = "reward"
"""What stands for the round's reward model where scorers are named."""

Refresh = Literal["none", "spg", "uml", "rules"]


class Policy(Trained):
    """How the policy is trained, each round from the weights at which the loop began."""

    make: Literal["best", "pairs", "rated"] = "pairs"
    """What is made of the ranked samples, as the objective wants it: pairs for `dpo`, rated groups for `gradient`, the
    best replies alone for `sft`."""
    by: str = f"{REWARD}=1"
    """What ranks samples, as `feedback/prefer.py --by` takes it: `reward` is the round's reward model. Leaks and
    guiding count with stated weights: reward=1,leaks=-0.5,guiding=0.5."""
    examine_every: int = Field(0, ge=0)
    """Steps between the checkpoints that are examined beside the last weights; 0 examines those alone."""


class Asked(Config):
    """Prompts, and how often the policy answers each."""

    prompts: str
    """mix:NAME/SPLIT, suite:NAME, or a file of cases."""
    may_train: bool = Field(False, exclude_if=lambda given: not given)
    """The prompts of a file of your own may be trained on."""
    limit: int = Field(300, ge=2)
    """Ask at most so many."""
    n: int = Field(10, ge=2, le=1000)
    """Replies to each."""
    temperature: float = Field(1.0, gt=0)
    """Of the replies."""
    max_new_tokens: int = Field(64, ge=1)
    """Longest reply."""


class Exam(Asked):
    """What a policy is examined on: other prompts than it is trained on, which is seen by the source's name alone."""

    truth: str = "rules=1"
    """The true score, as `feedback/prefer.py --by` takes it, where it is known."""
    best_of: int = Field(32, ge=2, le=1000)
    """Replies of the first weights to each prompt, from which the best of 1, 2, 4, … is chosen by the reward."""
    controls: list[str] = ["canned_pool", "parroted", "transplanted", "length_alone", "crafted"]
    """Families of replies made to win that are valued beside the policy's."""

    @field_validator("controls")
    @classmethod
    def _several(cls, names: list[str]) -> list[str]:
        if len(set(names)) != len(names) or not names:
            raise ValueError("wants families of evaluation/controls, each once")
        return names


class Stop(Config):
    """What ends the loop, or keeps a policy from being taken."""

    fall: bool = True
    """The true score of the examination falls below its best, so that the interval of the paired difference lies below
    0: the best policy of all rounds is taken, or the first weights, and nothing more is optimised."""
    kl: Annotated[float, Field(gt=0)] | None = None
    """Nats per reply that the policy may be away from the first weights; one that is farther is not taken either."""


class Final(Config):
    """What decides in the end: the evaluator, on cases that steered nothing."""

    suite: str
    """A suite."""
    mix: Name | None = None
    """Draw its held-out cases from this mix."""
    limit: int | None = Field(None, ge=1)
    """Ask at most so many cases."""


class LoopConfig(Config):
    """One loop."""

    name: Name
    """Name of the loop: loops/NAME; what its rounds make is called NAME-r00-PART."""
    start: str
    """The Stage 1 weights: a run, a folder or a hub name. Every policy is trained from them."""
    corpora: list[Name] = []
    """What is known at the beginning: preferences that feedback/prefer.py made, corpora/NAME."""
    preferences: list[FilePath] = []
    """And files of preferences, such as those that feedback/rate.py exports."""
    refresh: Refresh = "spg"
    """How the reward model learns from what the policy says now: not at all; by preferences that agreement among its
    replies gives (spg), by two replies as two views of one prompt (uml; both Lang et al. 2024, arXiv:2403.19279); or by
    rules that know the truth (rules), which shows what could be reached."""
    clusters: str = "auto"
    """spg tells what says the same by truth, words, an embedding model's name, or auto: by truth where a prompt has
    one, which then knows which replies differ in what is true, though not which of them is right; else by words."""
    rounds: int = Field(3, ge=1, le=99)
    """Rounds."""
    chat_template: str | None = None
    """Builtin template or file, for first weights that have none."""
    samples: Asked
    """Unlabelled prompts, answered in each round by the policy of the round before."""
    confidence: float = Field(0.5, gt=0, le=1)
    """spg takes prompts on which so large a share of the replies agree."""
    reward: Trained
    """How the reward model is trained, each round anew."""
    policy: Policy
    """How the policy is trained."""
    exam: Exam
    """On what it is examined."""
    final: Final | None = None
    """On what the evaluator compares the last policy with the first weights."""
    stop: Stop = Stop()
    """What ends it."""
    seed: int = 0
    """Of samples, trainings and made replies."""
    device: Device = "auto"
    """cpu, cuda, cuda:1 and so on, or auto."""

    @model_validator(mode="after")
    def _something_is_known(self) -> Self:
        if not self.corpora and not self.preferences:
            raise ValueError("corpora, preferences: one of them has to say what is known at the beginning")
        return self


class LoopOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""

    minutes: float | None = Field(None, gt=0)
    """Begin no further step after so long; the same command goes on."""
