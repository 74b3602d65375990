"""The head that a reward model begins with."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from data_mix.packing.pack import Pack
from espalier.command_line import processes
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models.references import REWARD_FACTS, ModelRef
from espalier.models.reward import read_facts
from espalier.models.reward_head import RewardHead, attach, restore_head
from feedback.rewards.config import RewardConfig
from training.compared import worse_in_group
from training.objectives.reward import column_weights
from training.reward.members import taught


def check() -> None:
    """UserError where several processes are to part the weights of one model."""
    if processes.sharded():
        raise UserError("a reward model's weights are not parted among processes; start them without FSDP")


def attach_head(model: Any, config: RewardConfig, base: ModelRef, pack: Pack) -> None:
    """Have the model carry a head for the pack's columns: a new one, or by `growth: continue` the parent's.

    UserError where there is nothing to compare, or where the parent's head is another one.
    """
    how = config.reward
    size = how.bottleneck.size if how.bottleneck else None
    width = model.get_input_embeddings().weight.shape[1]
    output = model.get_output_embeddings()
    width = getattr(output, "in_features", width)
    head = RewardHead(pack.columns, members=how.members, width=width, bottleneck=size, seed=config.seed)
    asked = [pack.columns[column] for column in column_weights(head, how)]
    paired = worse_in_group(pack.row_group, pack.row_targets).sum(axis=0) > 0
    if not any(paired[pack.columns.index(name)] for name in asked):
        named = ", ".join(asked)
        raise UserError(
            f"mix {config.mix}: no two replies to one prompt differ by {named}, so there is nothing to learn from "
            "which is better"
        )
    told = paired | (how.pointwise > 0) & ~np.isnan(pack.row_targets).all(axis=0) & (np.arange(len(paired)) > 0)
    head.learned = {name: 1.0 for name, there in zip(pack.columns, told, strict=True) if there}
    head.learned = {pack.columns[column]: weight for column, weight in column_weights(head, how).items()}
    if silent := [name for name in asked if name not in head.learned]:
        say(f"note: nothing is learned of {', '.join(silent)}: no two replies to one prompt differ by it")
    named = ", ".join(head.learned)
    if (base.path / REWARD_FACTS).exists():
        if config.growth == "continue":
            restore_head(head, base.path)
            head.learned |= {
                name: 0.0 for name in read_facts(base.path).get("learned", head.columns) if name not in head.learned
            }
        else:
            say(
                f"note: {base.spec} is a reward model; its weights are gone on from, and its head only by growth: "
                "continue"
            )
    head.taught = torch.from_numpy(taught(pack, how.members, config.seed))
    attach(model, head)
    several = f", {how.members} members" if how.members > 1 else ""
    say(f"rewards by {named}{several}")
