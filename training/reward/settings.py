"""How a reward model is taught: what every reward run says beside what every training command takes."""

from typing import Literal, Self

from pydantic import Field, model_validator

from espalier.command_line.config import Config, Name


class BottleneckSettings(Config):
    """Two replies to one prompt as two views of it (Federici et al. 2020, arXiv:2002.07017), as policy samples are used
    in reward learning on policy (Lang et al. 2024, arXiv:2403.19279): rewards are read from a stochastic encoding that
    keeps what two views share."""

    size: int = Field(64, ge=1)
    """Of the encoding."""
    weight: float = Field(0.1, ge=0)
    """Of all of it, beside the comparisons."""
    beta: float = Field(0.01, ge=0)
    """Of the divergence between the encodings of two views, beside what they tell of each other."""
    views: Literal["all", "unlabelled"] = "all"
    """Which neighbours in a group are two views: any, or those of which nobody said which is preferred."""


class RewardSettings(Config):
    """What is learned from preferences and ratings."""

    members: int = Field(1, ge=1, le=64)
    """Heads on one trunk. Several are each taught by a bootstrap of prompts of its own (Poisson, Oza & Russell 2001),
    and how far they differ says how sure a reward is."""
    columns: dict[str, float] | None = None
    """What each column counts in the loss; those that are not named are not learned. null: all alike."""
    pointwise: float = Field(0.0, ge=0)
    """Weight of learning what a reply is rated by itself, beside which is rated higher; not of `preferred`, where the
    two replies of a pair have no number of their own."""
    bottleneck: BottleneckSettings | None = None
    """Learn from two replies to one prompt also what they share."""
    calibrate_on: Name = "valid"
    """The held-out split that is measured along the way, and by which rewards are given a meaning; how well that holds
    is measured on the others, and on each half of this one by the other."""

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if self.columns is not None and (min(self.columns.values(), default=0) < 0 or not any(self.columns.values())):
            raise ValueError("columns: wants weights of 0 or more, and one of them above 0")
        return self
