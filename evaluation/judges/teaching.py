"""Teaching a judge: one regression for all dimensions that the same replies are labelled by, and how to decide by it.

Tutors differ in how well they teach and in how they write, and who learns from few of them takes the one for the other.
So each tutor has a level of its own in the regression, and what is learnt is what sets replies of one tutor apart.

The likeliest verdict is seldom "To some extent". What is added to each verdict's probability before the greatest is
chosen is what gives the best macro-F1 on replies held out within the training set, of other problems and of other
tutors.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.judges.base import DIMENSIONS
from evaluation.judges.disguises import DISGUISED, disguises
from evaluation.judges.distractors import Distractor, Taught
from evaluation.judges.embedding import Embedding
from evaluation.judges.features.table import describe
from evaluation.judges.fitted import FittedJudge, as_probabilities, best_offsets, columns_of
from evaluation.judges.held_out import Cell, by_problem, new_tutor
from evaluation.judges.likeness import Space, terms_count
from evaluation.judges.ridge import Ridge

Floats = NDArray[np.float64]

_RIDGE = 2.0
_LEVEL = 30.0
"""How far tutors' own levels may lie apart."""
_COMMON = 0.3
"""Likeness of any two replies: it lets what all replies have in common be learnt."""
_WEIGHT_MADE = 0.25
"""Of a distractor, where a labelled reply has 1."""
_ENOUGH = 2400
"""Labelled replies that are taught apart at most: half as many more teach little and take three times as long."""
_UNKNOWN = -1
_REMEMBERED = 8
_apart: dict[tuple[str, int, str, tuple[int, ...]], tuple[Sequence[Taught], FittedJudge]] = {}
"""By what they were taught, with it: while it is kept, no other reply has its identity."""


def teach(
    labelled: Sequence[Taught],
    made: Sequence[Distractor],
    dimensions: Sequence[str],
    *,
    seed: int,
    embedding: Embedding | None,
    nearness: bool = True,
) -> FittedJudge:
    """A judge by `dimensions`, each of which has at least two verdicts among the labels.

    Without `nearness` it is linear: it learns from words and facts alone, and asking it costs the same however many
    replies it was taught.
    """
    taught: list[Taught | Distractor] = [*labelled, *made]
    features = [describe(each) for each in taught]
    space = Space.of(features[: len(labelled)])
    points = space.place(features, embedding.vectors(taught) if embedding else np.empty((len(taught), 0)))
    kernel = points.likeness(nearness=nearness) + _COMMON
    weights = np.array([1.0] * len(labelled) + [_WEIGHT_MADE] * len(made))
    tutors = np.unique([each.tutor for each in taught], return_inverse=True)[1]
    views = [cells for cells in (split(labelled, made, seed=seed) for split in (by_problem, new_tutor)) if cells]

    columns = columns_of(dimensions)
    coefficients = np.zeros((len(taught), columns[dimensions[-1]].stop))
    constant = np.zeros(coefficients.shape[1])
    offsets: dict[str, Floats] = {}
    for rows, verdicts in _together(taught, dimensions):
        places = np.concatenate([np.arange(columns[name].start, columns[name].stop) for name in verdicts])
        targets = np.concatenate([np.eye(len(DIMENSIONS[name].values))[verdicts[name]] for name in verdicts], axis=1)
        mean = targets[rows < len(labelled)].mean(axis=0)
        ridge = Ridge.fit(
            kernel[np.ix_(rows, rows)], targets - mean, weights[rows], tutors[rows], ridge=_RIDGE, level=_LEVEL
        )
        coefficients[np.ix_(rows, places)] = ridge.coefficients
        constant[places] = mean
        offsets |= _choose_offsets(verdicts, [_unseen(ridge, mean, cells, rows) for cells in views])
    return FittedJudge(
        dimensions=tuple(dimensions),
        space=space,
        term_weights=terms_count(nearness) * (points.terms.T @ coefficients),
        fact_weights=points.facts.T @ coefficients,
        vector_weights=points.vectors.T @ coefficients,
        taught_ranks=points.ranks if nearness else points.ranks[:0],
        rank_weights=coefficients if nearness else coefficients[:0],
        constant=constant + _COMMON * coefficients.sum(axis=0),
        offsets={name: offsets[name] for name in dimensions},
        embedding=embedding,
    )


def teach_apart(labelled: Sequence[Taught], dimension: str, *, seed: int, without: str = "") -> FittedJudge:
    """A judge by one dimension, from what is labelled by it, many replies of which stand for all; `without` is a kind
    of made replies that it is taught none of.

    The last few are remembered: a calibration leaves out one tutor after another, of whom most are none of these.
    """
    rows = [each for each in labelled if dimension in each.labels]
    left_out = without if without in DISGUISED else ""
    key = dimension, seed, left_out, tuple(map(id, rows))
    if key not in _apart:
        some = random.Random(seed).sample(rows, _ENOUGH) if len(rows) > _ENOUGH else rows
        made = [each for each in disguises(some, seed=seed) if each.kind != left_out and dimension in each.labels]
        _apart[key] = rows, teach(some, made, [dimension], seed=seed, embedding=None, nearness=False)
        while len(_apart) > _REMEMBERED:
            del _apart[next(iter(_apart))]
    return _apart[key][1]


def _together(
    taught: Sequence[Taught | Distractor], dimensions: Sequence[str]
) -> list[tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]]:
    """The dimensions that label the same rows: those rows, and by dimension their verdicts as places."""
    groups: dict[bytes, dict[str, NDArray[np.int64]]] = defaultdict(dict)
    for name in dimensions:
        places = {verdict: place for place, verdict in enumerate(DIMENSIONS[name].values)}
        verdicts = np.array([places[each.labels[name]] if name in each.labels else _UNKNOWN for each in taught])
        groups[(verdicts != _UNKNOWN).tobytes()][name] = verdicts[verdicts != _UNKNOWN]
    return [(np.flatnonzero(np.frombuffer(known, dtype=bool)), group) for known, group in groups.items()]


def _unseen(ridge: Ridge, mean: Floats, cells: Sequence[Cell], rows: NDArray[np.int64]) -> Floats:
    """What is said of each of `rows` without what its cell leaves out; not a number of those that no cell asks."""
    found = np.full((len(rows), len(mean)), np.nan)
    for cell in cells:
        out, asked = cell.left_out[rows], cell.asked[rows]
        if asked.any():
            found[asked] = ridge.without(out)[asked[out]] + mean
    return found


def _choose_offsets(verdicts: dict[str, NDArray[np.int64]], views: Sequence[Floats]) -> dict[str, Floats]:
    """By dimension the offsets; each view has the columns of all these dimensions."""
    found = {}
    for name, own in columns_of(list(verdicts)).items():
        known = [(~np.isnan(view[:, 0]), view[:, own]) for view in views]
        found[name] = best_offsets(verdicts[name], [(rows, as_probabilities(view[rows])) for rows, view in known])
    return found
