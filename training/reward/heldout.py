"""How many held-out pairs a reward model puts in order while it learns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from data_mix.packing.pack import Pack
from espalier.artifacts.run import Run
from espalier.command_line import processes
from espalier.models.reward_head import head_of
from training.compared import pairs_in_groups
from training.config import HeldoutSettings
from training.observers import CONTINUE, Step, Verdict
from training.reward.rewards import rewards_of_pack
from training.together import unwrapped


class HeldoutRewards:
    """The observer that measures one held-out split every so often; one process does, for weights are not parted."""

    def __init__(self, packs: Mapping[str, Pack], split: str, settings: HeldoutSettings, run: Run) -> None:
        self._pack, self._settings, self._run = packs.get(split), settings, run

    def __call__(self, step: Step) -> Verdict:
        every = self._settings.every
        if self._pack is not None and every and (step.number % every == 0 or step.last) and processes.is_main():
            rewards = rewards_of_pack(
                step.model,
                self._pack,
                batch_size=self._settings.batch_size,
                max_sequences=self._settings.max_sequences,
            )
            self._run.log(step.number, figures(self._pack, rewards, _learned(step.model)))
        return CONTINUE


def _learned(model: Any) -> Collection[str]:
    head = head_of(unwrapped(model))
    assert head is not None
    return head.learned


def figures(pack: Pack, rewards: np.ndarray, learned: Collection[str]) -> dict[str, float]:
    """By learned column the share of pairs in order, ties half, and over these columns the mean loss, in nats per pair,
    of `rewards` (R, members, columns)."""
    found, losses = {}, []
    means = rewards.mean(axis=1)
    for column, name in enumerate(pack.columns):
        if name not in learned:
            continue
        better, worse = pairs_in_groups(pack.row_group, pack.row_targets[:, column]).T
        apart = means[better, column] - means[worse, column]
        apart = apart[np.isfinite(apart)]
        if len(apart):
            found[f"heldout_accuracy_{name}"] = float(np.mean((np.sign(apart) + 1) / 2))
            losses.append(float(np.mean(np.logaddexp(0, -apart))))
    return found | ({"heldout_loss": float(np.mean(losses))} if losses else {})
