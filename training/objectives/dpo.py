"""Direct preference optimisation: likelier than to the reference becomes the better of two replies, against the worse.

What the reference gives is known beforehand, token by token (`training/references.py`): so differences are exactly 0
where the model is still what it is compared with, however long replies are.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from training.batches import Batch
from training.config import PreferenceSettings, TrainConfig
from training.groups import Said, pair_shares, pairs_of, row_shares, said
from training.objectives import Facts, Objective
from training.sequences import Tensor


def make(model: Any, settings: TrainConfig) -> Objective:
    """Nothing is kept for the run."""
    return partial(dpo, how=settings.preference or PreferenceSettings())


def dpo(model: Any, batch: Batch, *, how: PreferenceSettings) -> tuple[Tensor, Facts]:
    """The mean over the step's pairs of each one's loss times its weight, and how far apart its replies are by now.

    Pairs are those of the column `preferred`. Of `loss: unpaired`, the mean over its rows of which that is known.
    """
    found, pairs = said(model, batch), pairs_of(batch)
    scores = found.by_row(found.log_probs)
    if how.loss != "orpo":
        scores = found.by_row(found.log_probs - batch.extras["reference_tokens"].flatten()[found.places])
    shares = pair_shares(batch, pairs)
    if how.loss == "unpaired":
        loss = (_unpaired(how.beta * scores, batch.extras["targets"][:, 0]) * row_shares(batch)).sum()
    else:
        loss = (_of_pairs(scores, found, pairs, how) * shares).sum()
    if how.sft_weight:
        loss = loss + how.sft_weight * (_learned(found, pairs) * shares).sum()
    rewards = how.beta * scores.detach()
    return loss, _facts_of_rows(rewards, batch) if how.loss == "unpaired" else _facts(rewards, pairs, batch)


def _of_pairs(scores: Tensor, found: Said, pairs: Tensor, how: PreferenceSettings) -> Tensor:
    """(P,): the loss of each pair."""
    if how.loss in ("ipo", "orpo"):
        scores = scores / found.lengths
    better, worse = scores[pairs].unbind(1)
    if how.loss == "ipo":
        return (better - worse - 1 / (2 * how.beta)) ** 2
    if how.loss == "hinge":
        return torch.relu(1 - how.beta * (better - worse))
    if how.loss == "orpo":
        odds = (better - worse) - (_log1mexp(better) - _log1mexp(worse))
        return -better - how.beta * F.logsigmoid(odds)
    margin = how.beta * (better - worse)
    right, wrong = F.logsigmoid(margin), F.logsigmoid(-margin)
    return -(1 - how.label_smoothing) * right - how.label_smoothing * wrong


def _unpaired(rewards: Tensor, good: Tensor) -> Tensor:
    """(n,): of a reply that is good by so much, 0 to 1; 0 where that is not known."""
    good = good.nan_to_num(0.5)
    return good * torch.sigmoid(-rewards) + (1 - good) * torch.sigmoid(rewards)


def _learned(found: Said, pairs: Tensor) -> Tensor:
    """(P,): nats by the token of the better reply of each pair."""
    return -(found.by_row(found.log_probs) / found.lengths)[pairs[:, 0]]


def _log1mexp(value: Tensor) -> Tensor:
    """log(1 - exp(value)) for value < 0 (Mächler 2012)."""
    value = value.clamp(max=-1e-7)
    return torch.where(value > -math.log(2), torch.log(-torch.expm1(value)), torch.log1p(-torch.exp(value)))


def _facts(rewards: Tensor, pairs: Tensor, batch: Batch) -> Facts:
    """Of the step's pairs, in how many the better reply gained more, and by how much; averaged over micro-batches they
    are the means over the step's pairs."""
    per_pair = batch.extras["step_parts"] / batch.extras["step_pairs"][0].clamp(min=1)
    better, worse = rewards[pairs].unbind(1)
    right = (better > worse).float() + (better == worse).float() / 2
    sums = {"accuracy": right, "margin": better - worse, "reward_better": better}
    return {name: values.sum() * per_pair for name, values in sums.items()}


def _facts_of_rows(rewards: Tensor, batch: Batch) -> Facts:
    """Of the step's replies, how many have gained where they are good or lost where they are bad, and how much."""
    per_row = batch.extras["step_parts"] / batch.extras["step_known"][0].clamp(min=1)
    gained = rewards * torch.sign(batch.extras["targets"][:, 0].nan_to_num(0.5) - 0.5)
    return {"accuracy": (gained > 0).float().sum() * per_row, "margin": gained.sum() * per_row}
