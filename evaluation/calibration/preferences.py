"""How often a score puts the better of two replies first, beside what would do so by a mark, a length or a name alone.

Tutors who ask are mostly the better ones, so a score that only saw question marks would be right in most pairs. What it
is worth is seen where both replies ask, or neither does, and in how far it is ahead of the mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration.folds import Fold
from evaluation.comparison.stats import Estimate
from evaluation.judges.agreement import Resamples
from evaluation.judges.labels import Labelled
from evaluation.metrics.words import words

Values = NDArray[np.float64]
SCORE, QUESTION, LENGTH, NAME = "score", "question_mark", "length", "tutor_name_only"
_ENOUGH = 20
"""Pairs that a figure takes."""


def pairs_within(dialogues: Sequence[str], worth: Values) -> NDArray[np.int64]:
    """The pairs of replies to one dialogue of which one is worth more, that one first: places, (pairs, 2)."""
    places = {name: place for place, name in enumerate(dict.fromkeys(dialogues))}
    dialogue = np.array([places[name] for name in dialogues])
    better, worse = np.nonzero((dialogue[:, None] == dialogue) & (worth[:, None] > worth))
    return np.stack([better, worse], axis=1)


def preferences(
    scores: Values,
    names: Values,
    replies: Sequence[Labelled],
    pairs: NDArray[np.int64],
    rows: NDArray[np.int64],
    resamples: Resamples,
) -> dict[str, Any]:
    """By group of `pairs` (pairs, 2), the better reply first: shares of pairs put in order, ties counted half.

    `scores` and `names` are of `replies`: the score, and what is expected of one who only knows who wrote it. `rows`
    (pairs,) says where each pair stands among what `resamples` draws. Length may be either way, whichever does better.
    """
    asks = np.array(["?" in each.reply for each in replies])
    first = {
        SCORE: in_order(scores, pairs),
        QUESTION: in_order(asks.astype(float), pairs),
        LENGTH: in_order(np.array([float(len(words(each.reply))) for each in replies]), pairs),
        NAME: in_order(names, pairs),
    }
    known = np.isfinite(scores[pairs]).all(axis=1)
    asking = asks[pairs].sum(axis=1)
    groups = {"all": asking >= 0, "both_ask": asking == 2, "neither_asks": asking == 0, "one_asks": asking == 1}
    return {
        group: _figures({name: right[among] for name, right in first.items()}, rows[among], resamples)
        for group, chosen in groups.items()
        if (among := known & chosen).sum() >= _ENOUGH
    }


def in_order(values: Values, pairs: NDArray[np.int64]) -> Values:
    """Of each pair (pairs,): 1 where its first has the greater value, 1/2 for a tie or where one is unknown, else 0."""
    gap = values[pairs[:, 0]] - values[pairs[:, 1]]
    found: Values = (1 + np.sign(np.nan_to_num(gap))) / 2
    return found


def worth_by_name(labelled: Sequence[Labelled], worth: Values, folds: Sequence[Fold]) -> Values:
    """What the teachers' verdicts on a tutor's other replies come to, by what each reply's fold may learn from.

    `worth` has a number for each reply, or none. Not a number for a tutor who is not among them.
    """
    found = np.full(len(labelled), np.nan)
    for fold in folds:
        known = [(labelled[place], worth[place]) for place in fold.train]
        found[fold.test] = by_name(known, [labelled[place] for place in fold.test])
    return found


def by_name(known: Sequence[tuple[Labelled, float]], asked: Sequence[Labelled]) -> Values:
    """The same of replies `asked`, learnt from those `known` with what each is worth."""
    worth: dict[str, list[float]] = {}
    for each, value in known:
        if np.isfinite(value):
            worth.setdefault(each.tutor, []).append(value)
    means = {tutor: float(np.mean(values)) for tutor, values in worth.items()}
    return np.array([means.get(each.tutor, np.nan) for each in asked])


def _figures(first: Mapping[str, Values], rows: NDArray[np.int64], resamples: Resamples) -> dict[str, Any]:
    if first[LENGTH].mean() < 0.5:
        first = {**first, LENGTH: 1 - first[LENGTH]}
    shares = {name: resamples.mean(right, rows) for name, right in first.items()}
    ahead = resamples.mean(first[SCORE] - first[QUESTION], rows)
    return {"pairs": len(rows), **{name: _plain(share) for name, share in shares.items()}, "ahead": _plain(ahead)}


def _plain(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
