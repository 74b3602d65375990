"""Rewards of the replies in packed sequences, and of all of a pack."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from data_mix.packing.pack import Pack
from espalier.errors import UserError
from espalier.models.compiling import eager
from espalier.models.hidden import shown
from espalier.models.reward_head import RewardHead, head_of
from espalier.models.rows import rows_apart
from training.batches import make_sequences
from training.compared import Compared
from training.heldout import spread
from training.sequences import Sequences, Tensor
from training.together import unwrapped


class Valued(NamedTuple):
    """What a reward model makes of n replies."""

    rewards: Tensor
    """(n, members, columns) float32."""
    means: Tensor
    """(n, size): what is valued."""
    log_variances: Tensor | None
    """(n, size), behind a bottleneck."""
    samples: Tensor
    """(n, size): what was valued: a sample in training, the mean otherwise."""


def valued(model: Any, sequences: Sequences, last: Tensor, *, sample: bool) -> Valued:
    """The replies that end at the places `last` (n,) of the flattened sequences, every row blind to the others.

    With `sample`, a stochastic encoding is drawn from torch's random numbers, which a checkpoint keeps.
    """
    plain = unwrapped(model)
    head = head_of(plain)
    assert head is not None

    def look(hidden: Tensor) -> Valued:
        means, log_variances = head.encoded(hidden.flatten(0, 1).index_select(0, last))
        samples = means
        if sample and log_variances is not None:
            samples = means + torch.exp(log_variances / 2) * torch.randn_like(means)
        return Valued(head.rewards(samples), means, log_variances, samples)

    told = rows_apart(plain, sequences.rows)
    return shown(
        model,
        plain.get_output_embeddings(),
        look,
        input_ids=sequences.input_ids,
        attention_mask=told,
        position_ids=sequences.position_ids,
    )


@torch.no_grad()
def rewards_of_pack(
    model: Any, pack: Pack, *, batch_size: int, max_sequences: int | None = None
) -> NDArray[np.float64]:
    """(R, members, columns): the reward of each row, not a number for those beyond `max_sequences`, which are taken
    evenly. UserError, naming the row, for a reward that is no finite number."""
    head = head_of(model)
    assert isinstance(head, RewardHead)
    found = np.full((len(pack.row_group), head.members, len(head.columns)), np.nan)
    compared = Compared(pack)
    sequences = spread(len(pack), min(len(pack), max_sequences or len(pack)))
    device = head.weight.device
    was_training = model.training
    model.eval()
    with eager():
        for start in range(0, len(sequences), batch_size):
            chosen = sequences[start : start + batch_size]
            extras = compared.extras(chosen)
            batch = make_sequences(pack, chosen).each(lambda tensor: tensor.to(device))
            rewards = valued(model, batch, extras["last"].to(device), sample=False).rewards
            numbers = extras["row_numbers"].numpy()
            found[numbers] = rewards.double().cpu().numpy()
            wrong = numbers[~np.isfinite(found[numbers]).all(axis=(1, 2))]
            if len(wrong):
                raise UserError(f"the reward of row {pack.row_ids[wrong[0]]} is no finite number; lower optim.lr")
    model.train(was_training)
    return found
