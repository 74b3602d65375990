"""The trap of style: a judge that has read a novice's replies may tell an expert's from them without reading either.

Bridge (Wang et al. 2024, arXiv:2310.10648) has a novice tutor's reply and an expert's rewriting of it. A judge is
taught twice, with the novice's replies and without, and asked which of two is the expert's: what it loses was style.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.artifacts.records import read_json
from espalier.errors import UserError
from evaluation.calibration.config import CalibrateConfig
from evaluation.calibration.preferences import by_name, in_order, preferences
from evaluation.calibration.values import teachers_score
from evaluation.cases.case import Messages
from evaluation.comparison.stats import Estimate
from evaluation.judges.agreement import Resamples
from evaluation.judges.labels import Labelled, same_problem

NOVICE, EXPERT = "Novice", "Expert"
Scores = Callable[[Sequence[Labelled]], NDArray[np.float64]]
"""A score of each reply; not a number where there is none."""
TeachScores = Callable[[Sequence[Labelled]], Scores]
"""Training replies to such a score."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two replies to one conversation."""

    novice: Labelled
    """The novice tutor's."""
    expert: Labelled
    """The expert's rewriting of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ablation:
    """How often the expert's reply scores higher, ties counted half."""

    with_novice: Estimate
    """Taught on all labelled replies."""
    without_novice: Estimate
    """Taught without those of the novice."""
    lost: Estimate
    """The first less the second, on the same pairs and draws."""
    beside: dict[str, Any]
    """By either of the first two names: what a question mark, length or the tutor's name alone reaches on these pairs,
    and on those of which both replies ask, neither, or one."""


def read_pairs(paths: Sequence[Path]) -> list[Pair]:
    """The pairs of Bridge's files with two replies that differ, in order. UserError where a file is another's."""
    pairs = []
    for path in paths:
        rows = read_json(path)
        if not isinstance(rows, list):
            raise UserError(f"{path}: no list of dialogues; a file of Bridge is one")
        for number, row in enumerate(rows, start=1):
            try:
                pairs.append(_pair(row))
            except (KeyError, TypeError, AttributeError):
                raise UserError(f"{path}: dialogue {number} has not c_h, c_r and c_r_; a file of Bridge has") from None
    return [pair for pair in pairs if pair.novice.reply != pair.expert.reply and pair.novice.messages]


def unseen(pairs: Sequence[Pair], labelled: Sequence[Labelled]) -> list[Pair]:
    """The pairs about no problem that a labelled dialogue is about: what no judge here was taught."""
    dialogues = list({each.dialogue: each.messages for each in labelled}.values())
    texts = {each.reply for each in labelled}
    return [
        pair
        for pair in pairs
        if not any(same_problem(pair.novice.messages, messages) for messages in dialogues)
        and texts.isdisjoint((pair.novice.reply, pair.expert.reply))
    ]


def held_out(config: CalibrateConfig, labelled: Sequence[Labelled]) -> list[Pair]:
    """The pairs that are unseen, at most as many as problems are taken. UserError where files leave none."""
    pairs = unseen(read_pairs(config.bridge), labelled)
    if config.bridge and not pairs:
        raise UserError("--bridge: no pair is left that is not about a problem of the labels")
    if config.problems and config.problems < len(pairs):
        pairs = random.Random(config.seed).sample(pairs, config.problems)
    return pairs


def ablation(teach: TeachScores, labelled: Sequence[Labelled], pairs: Sequence[Pair], resamples: Resamples) -> Ablation:
    """Both accuracies on `pairs`, which must be unseen, and their difference; `resamples` are over the pairs."""
    replies = [pair.expert for pair in pairs] + [pair.novice for pair in pairs]
    rows = np.arange(len(pairs))
    places = np.stack([rows, rows + len(pairs)], axis=1)
    right, beside = [], {}
    for name, train in (
        ("with_novice", labelled),
        ("without_novice", [each for each in labelled if each.tutor != NOVICE]),
    ):
        score = teach(train)
        scores = np.concatenate([score(replies[: len(pairs)]), score(replies[len(pairs) :])])
        right.append(in_order(scores, places))
        worth = [(each, np.nan if (found := teachers_score(each)) is None else found) for each in train]
        beside[name] = preferences(scores, by_name(worth, replies), replies, places, rows, resamples)
    return Ablation(
        with_novice=resamples.mean(right[0], rows),
        without_novice=resamples.mean(right[1], rows),
        lost=resamples.mean(right[0] - right[1], rows),
        beside=beside,
    )


def _pair(row: dict[str, Any]) -> Pair:
    messages: Messages = []
    for turn in row["c_h"]:
        role = "user" if turn["user"] == "student" else "assistant"
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += "\n" + turn["text"].strip()
        else:
            messages.append({"role": role, "content": turn["text"].strip()})
    novice = Labelled(
        dialogue=row["c_id"],
        problem=row["c_id"],
        tutor=NOVICE,
        messages=messages,
        reply=" ".join(turn["text"].strip() for turn in row["c_r"]),
        answer="",
        labels={},
    )
    return Pair(
        novice=novice,
        expert=replace(novice, tutor=EXPERT, reply=" ".join(turn["text"].strip() for turn in row["c_r_"])),
    )
