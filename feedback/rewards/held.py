"""Replies that a reward model was not taught by, with its rewards: what everything that is said of it rests on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from data_mix.packing.pack import Pack
from espalier.text.messages import Message
from espalier.text.rows import Row, read_rows
from training.compared import pairs_in_groups
from training.reward.rewards import rewards_of_pack

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Held:
    """The replies of one held-out split, R of them."""

    split: str
    """Its name."""
    columns: tuple[str, ...]
    """What is thought of them, and valued."""
    rewards: Floats
    """(R, members, columns)."""
    targets: Floats
    """(R, columns): what teachers think, NaN where nobody said."""
    groups: Places
    """(R,): those of one number are compared."""
    prompts: tuple[list[Message], ...]
    """What each answers."""
    replies: tuple[str, ...]
    """What each says; of several turns the last one."""
    clusters: tuple[str, ...]
    """The problem of each, by which intervals are drawn: the row's own word for it, or its prompt."""
    answers: tuple[str, ...]
    """The solution that the learner is to find, where the row has it."""

    @cached_property
    def means(self) -> Floats:
        """(R, columns): rewards, averaged over members."""
        found: Floats = self.rewards.mean(axis=1)
        return found

    def pairs(self, column: int) -> Places:
        """(P, 2): replies of one group of which the first is better by a column, in order."""
        found: Places = pairs_in_groups(self.groups, self.targets[:, column])
        return found

    def known(self, column: int) -> Places:
        """The replies of which a column is known."""
        return np.flatnonzero(~np.isnan(self.targets[:, column]))

    def some(self, chosen: NDArray[np.bool_], split: str) -> Held:
        """Those that are chosen, as a split of another name."""
        places = np.flatnonzero(chosen)

        def of(texts: tuple[T, ...]) -> tuple[T, ...]:
            return tuple(texts[place] for place in places)

        return Held(
            split=split,
            columns=self.columns,
            rewards=self.rewards[places],
            targets=self.targets[places],
            groups=self.groups[places],
            prompts=of(self.prompts),
            replies=of(self.replies),
            clusters=of(self.clusters),
            answers=of(self.answers),
        )


def value_split(model: Any, pack: Pack, mix: Path, split: str, *, batch_size: int) -> Held:
    """A held-out split of a mix with the model's rewards. UserError for a reward that is no finite number."""
    rewards = rewards_of_pack(model, pack, batch_size=batch_size)
    rows = {row.id: row for row in read_rows(mix / "preferences" / f"{split}.parquet")}
    met: Counter[str] = Counter()
    said: list[tuple[Row, str]] = []
    for row_id in pack.row_ids:
        row = rows[row_id]
        sides = [side for side in (row.chosen, row.rejected) if side is not None]
        said.append((row, str(sides[met[row_id]][-1]["content"])))
        met[row_id] += 1
    return Held(
        split=split,
        columns=tuple(pack.columns),
        rewards=rewards,
        targets=np.asarray(pack.row_targets, np.float64),
        groups=np.asarray(pack.row_group, np.int64),
        prompts=tuple(row.messages for row, _ in said),
        replies=tuple(reply for _, reply in said),
        clusters=tuple(_cluster(row) for row, _ in said),
        answers=tuple(str(row.meta.get("answer") or "") for row, _ in said),
    )


def _cluster(row: Row) -> str:
    named = row.meta.get("problem") or row.meta.get("dialogue")
    return str(named) if named else json.dumps(row.messages, sort_keys=True)
