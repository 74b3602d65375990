"""A reward model: of two replies to one prompt the better gets the greater reward (Bradley & Terry 1952).

By each column that teachers preferred or rated by, and by each member of an ensemble, taught by prompts of its own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from espalier.errors import UserError
from espalier.models.reward_head import RewardHead, head_of
from training.batches import Batch
from training.groups import pair_shares, pairs_of, row_shares
from training.objectives import Facts, Objective
from training.reward.bottleneck import bottleneck_loss
from training.reward.rewards import Valued, valued
from training.reward.settings import RewardSettings
from training.sequences import Tensor
from training.together import unwrapped

_TRAINED_BY = "objective: reward trains a reward model, which python feedback/reward.py does"


def make(model: Any, settings: Any) -> Objective:
    """UserError for a model without a head, or a column that it does not have."""
    head = head_of(unwrapped(model))
    if head is None:
        raise UserError(_TRAINED_BY)
    return partial(reward, how=settings.reward, weights=column_weights(head, settings.reward))


def column_weights(head: RewardHead, how: RewardSettings) -> dict[int, float]:
    """By place of the column what it counts, together 1, of those that there is something to learn of.

    UserError for a column that there is not.
    """
    given = dict.fromkeys(head.columns, 1.0) if how.columns is None else how.columns
    for name in given:
        if name not in head.columns:
            raise UserError(
                f"reward.columns: no preference says anything of {name!r}; known: {', '.join(head.columns)}"
            )
    given = {name: weight for name, weight in given.items() if weight and head.learned.get(name)}
    return {head.columns.index(name): weight / sum(given.values()) for name, weight in given.items()}


def reward(model: Any, batch: Batch, *, how: RewardSettings, weights: dict[int, float]) -> tuple[Tensor, Facts]:
    """The mean over the step's pairs of each column of -log sigmoid(difference of rewards) times the pair's weight,
    over columns by their weights, and over members by what each is taught.

    Micro-batches add up, but for the bottleneck's bound, whose negatives are those of a micro-batch.
    """
    found = valued(model, batch.sequences, batch.extras["last"], sample=True)
    head = head_of(unwrapped(model))
    assert head is not None
    loss, facts = 0.0 * found.rewards.sum(), {}
    for column, weight in weights.items():
        pairs = pairs_of(batch, column)
        better, worse = found.rewards[pairs, :, column].unbind(1)
        shares = pair_shares(batch, pairs, column)[:, None] * _taught(head, batch)[pairs[:, 0]]
        loss = loss - weight * (shares * F.logsigmoid(better - worse)).sum() / head.members
        per_pair = batch.extras["step_parts"] / batch.extras["step_pairs"][column].clamp(min=1)
        # Of every micro-batch, also of one without pairs: averaged over them it is the share of the step's pairs.
        facts[f"accuracy_{head.columns[column]}"] = (better.mean(1) > worse.mean(1)).float().sum() * per_pair
        if how.pointwise and column:
            loss = loss + how.pointwise * weight * _pointwise(
                found.rewards[:, :, column], _taught(head, batch), batch, column
            )
    if head.members > 1:
        facts["disagreement"] = found.rewards.detach().std(1).mean()
    if how.bottleneck:
        added, num_views = _shared(found, batch, how)
        loss, facts = loss + added, facts | {"bottleneck": added.detach(), "views": num_views}
    return loss, facts


def _taught(head: RewardHead, batch: Batch) -> Tensor:
    """(n, members): how much each row teaches each member."""
    if head.taught is None:
        return torch.ones(len(batch.extras["last"]), head.members, device=head.weight.device)
    head.taught = head.taught.to(head.weight.device)
    return head.taught[batch.extras["row_numbers"]]


def _pointwise(rewards: Tensor, taught: Tensor, batch: Batch, column: int) -> Tensor:
    """What rewards (n, members) are to be by themselves: the logarithm of the odds of what replies are rated; each
    member by what it is `taught` (n, members)."""
    rated = batch.extras["targets"][:, column].nan_to_num(0.5)[:, None].expand_as(rewards)
    losses = (taught * F.binary_cross_entropy_with_logits(rewards, rated, reduction="none")).mean(1)
    return (row_shares(batch, column) * losses).sum()


def _shared(found: Valued, batch: Batch, how: RewardSettings) -> tuple[Tensor, Tensor]:
    assert how.bottleneck is not None and found.log_variances is not None
    loss, num_views = bottleneck_loss(batch, found.means, found.log_variances, found.samples, how.bottleneck)
    return how.bottleneck.weight * loss, num_views
