"""Policy gradient on groups of sampled replies: likelier become those with more reward than others to the same prompt.

GRPO (Shao et al. 2024, arXiv:2402.03300) on replies that were sampled beforehand. A reply's reward is its column
`preferred`, its advantage how far that lies from its group's mean. How much likelier it has become than under the model
that wrote it counts within bounds only (Schulman et al. 2017, arXiv:1707.06347), and so does how far the model has left
its reference: a token that has left further than `max_kl` feels nothing but the way back.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from training.batches import Batch
from training.config import PreferenceSettings, TrainConfig
from training.groups import row_shares, said, together
from training.objectives import Facts, Objective
from training.sequences import Tensor

_FAR = 60.0
"""Nats from which on what is compared is as far away as numbers go."""


def make(model: Any, settings: TrainConfig) -> Objective:
    """Nothing is kept for the run."""
    return partial(gradient, how=settings.preference or PreferenceSettings())


def gradient(model: Any, batch: Batch, *, how: PreferenceSettings) -> tuple[Tensor, Facts]:
    """The mean over the step's replies whose reward is known of the mean over each one's tokens, times its weight."""
    found = said(model, batch)
    sampled, reference = (_given(batch, name, found.places) for name in ("sampled_by", "reference"))
    worth = advantages(batch, scaled=how.scale_rewards)[found.owner]
    ratio = torch.exp((found.log_probs - sampled).clamp(-_FAR, _FAR))
    bounded = ratio.clamp(1 - how.clip, 1 + how.clip)
    left = (reference - found.log_probs).clamp(max=_FAR)
    kl = torch.expm1(left) - left  # at least 0, and on average what the divergence is (Schulman 2020, k3)
    gained = torch.where(kl.detach() <= how.max_kl, torch.minimum(ratio * worth, bounded * worth), 0.0)
    known = ~batch.extras["targets"][:, 0].isnan()
    by_token = (row_shares(batch) / found.lengths)[found.owner]
    loss = ((how.kl_weight * kl - gained) * by_token).sum()
    # What is said of the model is of all tokens that count, however much each counts.
    per_token = (known / batch.extras["step_known"][0].clamp(min=1) / found.lengths)[found.owner]
    per_token = per_token * batch.extras["step_parts"]
    facts = {
        "kl": kl.detach(),
        "kl_beyond": (kl.detach() > how.max_kl).float(),
        "clipped": (ratio.detach() != bounded.detach()).float(),
    }
    return loss, {name: (values * per_token).sum() for name, values in facts.items()}


def advantages(batch: Batch, *, scaled: bool) -> Tensor:
    """(n,) float32: how far each reply's reward lies from the mean of its group, where `scaled` in standard deviations;
    0 where it is not known."""
    rewards = batch.extras["targets"][:, 0]
    beside = (together(batch) & ~rewards.isnan()).float()
    known = rewards.nan_to_num(0.0)
    number = beside.sum(1).clamp(min=1)
    means = beside @ known / number
    apart = torch.where(rewards.isnan(), 0.0, known - means)
    if not scaled:
        return apart
    spread = (beside @ apart**2 / number).sqrt()
    return torch.where(spread > 0, apart / spread.clamp(min=1e-4), 0.0)


def _given(batch: Batch, name: str, places: Tensor) -> Tensor:
    """(t,): what a reference gives to the tokens at `places`."""
    return batch.extras[f"{name}_tokens"].flatten()[places]
