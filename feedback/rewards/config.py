"""The configuration of a reward model: what every training command takes, and what is learned from preferences."""

from typing import Literal

from pydantic import Field

from training.config import TrainConfig
from training.reward.settings import RewardSettings


class RewardConfig(TrainConfig):
    """One reward model: on what, by which preferences, how."""

    objective: Literal["reward"] = "reward"
    """What is learned: rewards."""
    rows: Literal["preference"] = "preference"
    """Which rows of the mix are trained on: its preferences."""
    reward: RewardSettings = RewardSettings()
    """How it is taught."""
    controls: list[str] | None = None
    """Replies made to win that it is tried by at its end, by family or kind, all, or none. By default the few that are
    tried against the pedagogy score."""
    control_prompts: int = Field(64, ge=1)
    """Held-out prompts that each family answers."""
