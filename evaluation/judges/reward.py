"""A reward model as a judge: what it learned from preferences and ratings, said of one reply at a time.

Its verdict by a column that teachers rated is the rating that they would give, and `preferred` how likely they would
prefer the reply to a typical one, both as `feedback/reward.py` found on replies that it was not trained on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from espalier.artifacts.code_behind import code_behind
from espalier.errors import UserError
from espalier.models.devices import likely_device, likely_dtype
from espalier.models.pool import Placement
from espalier.models.reward import RewardModel, open_reward
from evaluation.judges.base import JUDGED, Item, Verdict
from evaluation.opener import opens

if TYPE_CHECKING:
    from evaluation.config import EvaluateConfig

_COMPUTES = "espalier/models/reward.py"


class RewardJudge:
    """A reward model that judges by those of its columns that reports know and whose rewards mean something."""

    def __init__(self, reward: RewardModel, computed_in: str) -> None:
        self.reward, self._computed_in = reward, computed_in

    @property
    def name(self) -> str:
        """That of its calibration, which no trained judge is called by chance."""
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", self.reward.reference.name)
        return f"reward-{plain}"[:64]

    @property
    def names(self) -> tuple[str, ...]:
        """Its own."""
        return (self.name,)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """By its weights, and by what renders and computes."""
        code = hashlib.sha256(json.dumps(code_behind(_COMPUTES), sort_keys=True).encode()).hexdigest()
        return {**self.reward.identity, "computed_in": self._computed_in, "code": code}

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Those of its columns that have a meaning."""
        return tuple(name for name in JUDGED if name in self.reward.calibration)

    def judge(self, items: Sequence[Item]) -> list[dict[str, Verdict]]:
        """By each dimension the value, with the reward behind it and how far the members differ."""
        conversations = [(item.messages, item.reply) for item in items]
        rewards, silent = self.reward.score_or_why(conversations)
        values, spread = self.reward.values(rewards), self.reward.disagreement(rewards)
        found = []
        for place, why in enumerate(silent):
            verdicts = {}
            for name in self.dimensions:
                column = self.reward.columns.index(name)
                said = f"reward {rewards[place, :, column].mean():+.2f}"
                if self.reward.members > 1:
                    said += f", members differ by {spread[place, column]:.2f}"
                value = None if why else round(float(values[place, column]), 6)
                verdicts[name] = Verdict(value=value, why=why or said)
            found.append(verdicts)
        return found


@opens("run:NAME", "a reward model, which feedback/reward.py trains")
def reward_judge(reference: str, config: EvaluateConfig) -> RewardJudge:
    """UserError where the run is no reward model, or its rewards were never given a meaning."""
    device = likely_device(config.device)
    dtype = likely_dtype(config.dtype, device)
    placement = Placement(
        device=device, dtype=dtype, batch_size=config.batch_size, trust_remote_code=config.trust_remote_code
    )
    found = RewardJudge(open_reward(reference, placement), f"{dtype} on {device}")
    if not found.dimensions:
        raise UserError(
            f"--judges {reference}: what its rewards mean is found when its training ends, and of no column that a "
            "judge gives it is known; finish it, with held-out preferences in its mix"
        )
    return found
