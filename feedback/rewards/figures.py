"""How far rewards hold on a held-out split: in order, in what they claim, and by each column that teachers rated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from espalier.models.reward import Meaning, sigmoid
from espalier.text.ratings import PREFERRED
from evaluation.calibration.facts import plain, plain_agreement
from evaluation.calibration.preferences import in_order
from evaluation.judges.agreement import Resamples, agreement, correlation
from evaluation.judges.base import DIMENSIONS
from evaluation.metrics.words import words
from feedback.rewards.calibration import FEWEST, calibration_errors, reliability
from feedback.rewards.held import Held

Floats = NDArray[np.float64]
RESAMPLES = 2000


def figures(parts: Sequence[tuple[Held, Mapping[str, Meaning]]], *, seed: int) -> dict[str, Any]:
    """By column, of one split: what the replies show. A split of which the meaning of rewards was fitted itself comes
    in parts, each judged by what the others say."""
    columns = parts[0][0].columns
    found = {name: _column(parts, column, name, seed) for column, name in enumerate(columns)}
    return {name: facts for name, facts in found.items() if facts}


def _column(parts: Sequence[tuple[Held, Mapping[str, Meaning]]], column: int, name: str, seed: int) -> dict[str, Any]:
    """Of one column; empty where too few pairs are known."""
    clusters = [cluster for held, _ in parts for cluster in held.clusters]
    resamples = Resamples(clusters, count=RESAMPLES, seed=seed)
    starts = np.cumsum([0, *(len(held.clusters) for held, _ in parts)])
    pairs = np.concatenate([held.pairs(column) + start for (held, _), start in zip(parts, starts, strict=False)])
    if len(pairs) < FEWEST:
        return {}
    rewards = np.concatenate([held.rewards[:, :, column] for held, _ in parts])
    replies = [reply for held, _ in parts for reply in held.replies]
    rows = pairs[:, 0]
    right = in_order(rewards.mean(axis=1), pairs)
    by_member = np.mean([in_order(rewards[:, member], pairs).mean() for member in range(rewards.shape[1])])
    facts: dict[str, Any] = {
        "pairs": len(pairs),
        "problems": len(np.unique(resamples.cluster[rows])),
        "accuracy": plain(resamples.mean(right, rows)),
        "one_member": float(by_member),
        **{key: plain(resamples.mean(beside, rows)) for key, beside in _beside(replies, pairs).items()},
    }
    if rewards.shape[1] > 1:
        facts["disagreement"] = _disagreement(rewards, right, pairs, resamples)
    temperatures = np.concatenate(
        [
            np.full(len(held.pairs(column)), known[name].temperature if name in known else np.nan)
            for held, known in parts
        ]
    )
    if np.isfinite(temperatures).all():
        facts |= _claimed(rewards.mean(axis=1), pairs, temperatures, resamples)
    if name != PREFERRED and all(name in known for _, known in parts):
        facts |= _rated(parts, column, name, starts, resamples)
    return facts


def _beside(replies: Sequence[str], pairs: NDArray[np.int64]) -> dict[str, Floats]:
    """What a question mark alone would say of each pair, and length alone, whichever way does better."""
    asks = in_order(np.array([float("?" in reply) for reply in replies]), pairs)
    longer = in_order(np.array([float(len(words(reply))) for reply in replies]), pairs)
    return {"question_mark": asks, "length": longer if longer.mean() >= 0.5 else 1 - longer}


def _disagreement(rewards: Floats, right: Floats, pairs: NDArray[np.int64], resamples: Resamples) -> dict[str, Any]:
    """How far members differ about pairs, and how many are in order where they agree more than usual, and less."""
    differences = rewards[pairs[:, 0]] - rewards[pairs[:, 1]]
    doubt = differences.std(axis=1) / np.maximum(1e-12, np.abs(differences.mean(axis=1)))
    agreed = doubt <= np.median(doubt)
    found: dict[str, Any] = {"spread": float(differences.std(axis=1).mean())}
    for key, chosen in (("agreed", agreed), ("differing", ~agreed)):
        if chosen.any():
            found[key] = plain(resamples.mean(right[chosen], pairs[chosen, 0]))
    return found


def _claimed(means: Floats, pairs: NDArray[np.int64], temperatures: Floats, resamples: Resamples) -> dict[str, Any]:
    """How sure the rewards claim to be of each pair, beside how often they are right."""
    chance = sigmoid((means[pairs[:, 0]] - means[pairs[:, 1]]) / temperatures)
    confidence, right = np.maximum(chance, 1 - chance), in_order(means, pairs)
    rows = pairs[:, 0]
    errors = calibration_errors(confidence, right, rows, resamples)
    return {
        "log_loss": plain(resamples.mean(-np.log(np.maximum(1e-12, chance)), rows)),
        "ece": plain(resamples.estimate(errors, rows)),
        "reliability": reliability(confidence, right),
    }


def _rated(
    parts: Sequence[tuple[Held, Mapping[str, Meaning]]],
    column: int,
    name: str,
    starts: NDArray[np.int64],
    resamples: Resamples,
) -> dict[str, Any]:
    """How values go with ratings, and of the columns that teachers give verdicts by, how verdicts agree."""
    known = [held.known(column) for held, _ in parts]
    values = np.concatenate(
        [
            sigmoid(meant[name].slope * held.means[there, column] + meant[name].offset)
            for (held, meant), there in zip(parts, known, strict=True)
        ]
    )
    rated = np.concatenate([held.targets[there, column] for (held, _), there in zip(parts, known, strict=True)])
    rows = np.concatenate([there + start for there, start in zip(known, starts, strict=False)])
    found: dict[str, Any] = {"rated": len(rows), "pearson": plain(correlation(rated, values, rows, resamples))}
    if name in DIMENSIONS:
        worth = np.array(list(DIMENSIONS[name].values.values()))
        truth, decided = (np.abs(each[:, None] - worth).argmin(axis=1) for each in (rated, values))
        if np.allclose(worth[truth], rated, atol=1e-6):  # a mean of several teachers is no verdict
            verdicts = agreement(DIMENSIONS[name], truth, decided, values, rows, resamples)
            found["agreement"] = plain_agreement(verdicts)
    return found
