"""Replies made to win, valued beside the best reply to the same prompt: no reward without controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.models.reward import Conversation, Meaning, sigmoid
from espalier.text.ratings import SCALES
from espalier.text.rows import read_rows
from evaluation.backends.controls import PREFIX
from evaluation.calibration.attacks import attack
from evaluation.calibration.facts import plain
from evaluation.controls.base import Scene, controls
from evaluation.judges.agreement import Resamples
from feedback.rewards.figures import RESAMPLES
from feedback.rewards.held import Held

Floats = NDArray[np.float64]
Score = Callable[[Sequence[Conversation]], Floats]
"""Conversations to rewards (n, members, columns); not a number where there is none."""


def best_replies(held: Held, column: int, most: int) -> list[int]:
    """Of as many groups as are wanted the place of its best reply, groups without a worse one left out; by a stride
    over all groups, so that a corpus in order is met all along."""
    best: dict[int, int] = {}
    way = _way(held.columns[column])
    for pair in held.pairs(column):
        place = pair[0 if way > 0 else 1]
        group = int(held.groups[place])
        if group not in best or way * (held.targets[place, column] - held.targets[best[group], column]) > 0:
            best[group] = int(place)
    places = list(best.values())
    return [places[at] for at in np.linspace(0, len(places), min(most, len(places)), endpoint=False).astype(int)]


def _way(column: str) -> int:
    """-1 where less of a column is better."""
    return -1 if column in SCALES and SCALES[column].better == "lower" else 1


def families_taught(mix: Path) -> frozenset[str]:
    """The families of made replies that a mix's training split says are worse (`feedback/against.py`)."""
    rows = read_rows(mix / "preferences" / "train.parquet")
    named = (str(row.meta.get("rejected_model", "")) for row in rows)
    return frozenset(name.removeprefix(PREFIX) for name in named if name.startswith(PREFIX)) & controls().keys()


def attacks(
    held: Held,
    score: Score,
    column: int,
    meaning: Meaning,
    families: Sequence[str],
    *,
    most: int,
    seed: int,
    taught: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """By family: how its replies fare against the best reply to each prompt, by the column's value, and whether those
    of the family, or of its kind, were `taught` as bad ones."""
    places = best_replies(held, column, most)
    prompts = [held.prompts[place] for place in places]
    scenes = [
        Scene(
            messages=held.prompts[place],
            references=(held.replies[place],),
            answer=held.answers[place],
            problem=held.clusters[place],
        )
        for place in places
    ]
    asked = [replace(scene, others=scenes) for scene in scenes]
    resamples = Resamples([held.clusters[place] for place in places], count=RESAMPLES, seed=seed)

    def values(replies: Sequence[str | None]) -> Floats:
        rewards = score([(prompt, reply or "") for prompt, reply in zip(prompts, replies, strict=True)])
        return sigmoid(
            _way(held.columns[column]) * (meaning.slope * rewards[:, :, column].mean(axis=1) + meaning.offset)
        )

    good = values([held.replies[place] for place in places])
    found: dict[str, Any] = {}
    for name in families:
        control = controls()[name]
        each = attack(good, values(control.replies(asked, seed=seed)), resamples)
        if each is not None:
            figures = {key: plain(getattr(each, key)) for key in ("mean", "good", "share", "wins", "lead")}
            facts = {"label": control.label, "kind": control.kind, "adds": control.adds, "made": each.made}
            kinds = {controls()[other].kind for other in taught}
            met = "family" if name in taught else "kind" if control.kind in kinds else ""
            found[name] = {**facts, **figures, "beaten": each.is_beaten(control), "taught": met}
    return {"prompts": len(places), "split": held.split, "families": found}
