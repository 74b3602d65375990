"""Supervised fine-tuning: likelier become the tokens that count, each by its weight."""

from __future__ import annotations

from typing import Any

import torch

from training.batches import Batch
from training.objectives import Facts, Objective
from training.sequences import weighted_loss


def make(model: Any, settings: Any) -> Objective:
    """Nothing is kept for the run."""
    return sft


def sft(model: Any, batch: Batch) -> tuple[torch.Tensor, Facts]:
    """The mean over the trained tokens of the step of each one's loss times its weight.

    Micro-batches add up: their losses are shares of the mean over the whole step, exact to the token, however the
    trained tokens fall among them.
    """
    weights = batch.weights.flatten()
    trained = torch.nonzero(weights).squeeze(1)
    return weighted_loss(model, batch.sequences, trained, weights[trained] / batch.num_trained), {}
