"""A reward from a frozen language model: kernel regression on hidden states, one for each column that teachers rated.

Nothing is chosen on what is asked: how near two states must lie to be alike and which layers are read is chosen anew
for each fold, by the pairs of its training replies that are put in order without their problems and their tutors
(`Ridge.without` needs no second training for that).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from espalier.text.ratings import SCALES, WEIGHTS
from evaluation.calibration.preferences import in_order
from evaluation.judges.labels import Labelled
from evaluation.judges.ridge import Ridge

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

COLUMNS = tuple(name for name in WEIGHTS if name != "guiding")
"""What the reward is made of; `guiding` is labelled in other corpora."""
_LAYERS = ((2, 3, 4, 5), (5, 6, 7, 8), (8, 9, 10, 11))
NUM_LAYERS = 12
"""That are read at all."""
_WIDTHS = (0.3, 1.0)
_RIDGE = 1.0
_LEVEL = 30.0
"""How far tutors' own levels may lie apart: as in the judge (`evaluation/judges/teaching.py`)."""
_ORIGIN = 0.5
"""What all regressions are about. A mean of what may be learnt from falls where a good tutor is left out, and with it
all that is said of the tutor: two replies asked of two models would be compared by what each was not taught."""
_DIALOGUE = 1.0
"""Likeness of two replies to one dialogue besides: some dialogues are easier to answer well than others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What is chosen in a training set."""

    layers: tuple[int, ...] = _LAYERS[-1]
    """Whose states are read."""
    width: float = _WIDTHS[1]
    """Of the Gaussian, in median squared distances."""

    @property
    def says(self) -> str:
        """In words."""
        return f"layers {self.layers[0]} to {self.layers[-1]}, width {self.width:g}"


@dataclass(frozen=True, kw_only=True)
class Taught:
    """Replies that may be learnt from."""

    states: NDArray[np.float32]
    """(rows, 2, layers, width)."""
    labels: Floats
    """What the verdicts are worth, (rows, columns); not a number where there is none."""
    worth: Floats
    """What they come to, (rows,)."""
    tutors: Rows
    """A number for each reply's tutor; -1 for what nobody wrote."""
    dialogues: Rows
    """The same of dialogues."""
    problems: Rows
    """The same of problems, or of parts that these are divided into."""

    def of(self, rows: Rows) -> Taught:
        """Some of them."""
        return Taught(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def taught(labelled: Sequence[Labelled], states: NDArray[np.float32], worth: Floats, parts: Rows) -> Taught:
    """Labelled replies with their states."""
    values = [
        [SCALES[name].values[each.labels[name]] if name in each.labels else np.nan for name in COLUMNS]
        for each in labelled
    ]
    return Taught(
        states=states,
        labels=np.array(values),
        worth=worth,
        tutors=_numbers([each.tutor for each in labelled]),
        dialogues=_numbers([each.dialogue for each in labelled]),
        problems=parts,
    )


def choose(train: Taught, pairs: Rows) -> tuple[Choice, float]:
    """The choice by which most of the training pairs (pairs, 2), of places in `train`, are put in order by regressions
    on the teachers' worth that saw neither reply's problem nor its tutor; and the share of them."""
    known = np.flatnonzero(np.isfinite(train.worth))
    some, found = train.of(known), {}
    for layers in _LAYERS:
        apart = _apart(some.states, len(known), layers)
        for width in _WIDTHS:
            said = np.full(len(train.worth), np.nan)
            said[known] = _unseen(_near(apart, width), some, some.worth[:, None])[:, 0]
            there = np.isfinite(said[pairs]).all(axis=1)
            found[Choice(layers=layers, width=width)] = float(in_order(said, pairs[there]).mean())
    best = max(found, key=found.__getitem__)
    return best, found[best]


def columns_unseen(train: Taught, choice: Choice) -> Floats:
    """What would be said of each training reply by regressions without its problem and tutor: (rows, columns)."""
    said = np.full(train.labels.shape, np.nan)
    for rows, columns in _together(train.labels):
        some = train.of(rows)
        kernel = _near(_apart(some.states, len(rows), choice.layers), choice.width)
        said[np.ix_(rows, columns)] = _unseen(kernel, some, some.labels[:, columns])
    return said


def likeness(states: NDArray[np.float32], choice: Choice) -> Floats:
    """How near the states of all replies lie to one another, labels unseen: (rows, rows), at most 1."""
    return _near(_apart(states, len(states), choice.layers), choice.width)


def pairs_unseen(known: Taught, pairs: Rows, kernel: Floats, ridge: float = _RIDGE) -> Floats:
    """Of each pair (pairs, 2) the rewards of both replies by one model that saw no reply to their problem, nor any of
    either's tutor: (pairs, 2). `kernel` (rows, rows) is how alike replies are.

    Rewards of two models that left out different tutors have no origin in common, and are not to be compared.
    """
    tutors, parts = np.sort(known.tutors[pairs], axis=1), known.problems[pairs[:, 0]]
    keys, which = np.unique(np.column_stack([parts, tutors]), axis=0, return_inverse=True)
    said = np.full((len(pairs), 2, len(COLUMNS)), np.nan)
    for rows, columns in _together(known.labels):
        some, targets = known.of(rows), known.labels[np.ix_(rows, columns)]
        fitted = _fit(kernel[np.ix_(rows, rows)], some, targets - _ORIGIN, np.ones(len(rows)), ridge)
        for number, (part, one, other) in enumerate(keys):
            out = (some.problems == part) | np.isin(some.tutors, (one, other))
            found = np.full((len(known.worth), len(columns)), np.nan)
            found[rows[out]] = _ORIGIN + fitted.without(out)
            mine = np.flatnonzero(which.ravel() == number)
            said[np.ix_(mine, (0, 1), columns)] = found[pairs[mine]]
    return reward(said.reshape(-1, len(COLUMNS))).reshape(-1, 2)


def predict(train: Taught, asked: NDArray[np.float32], choice: Choice, weights: Floats | None = None) -> Floats:
    """What each column is worth of replies with the states `asked`: (asked, columns)."""
    said = np.full((len(asked), len(COLUMNS)), np.nan)
    for rows, columns in _together(train.labels):
        some = train.of(rows)
        kernel = _near(_apart(np.concatenate([some.states, asked]), len(rows), choice.layers), choice.width)
        counted = np.ones(len(rows)) if weights is None else weights[rows]
        fitted = _fit(kernel[: len(rows)], some, some.labels[:, columns] - _ORIGIN, counted)
        said[:, columns] = _ORIGIN + kernel[len(rows) :] @ fitted.coefficients
    return said


def reward(columns: Floats) -> Floats:
    """What the columns come to by the weights of the pedagogy score: (rows,)."""
    weights = np.array([WEIGHTS[name] for name in COLUMNS])
    good = [1 - columns[:, at] if SCALES[name].better == "lower" else columns[:, at] for at, name in enumerate(COLUMNS)]
    found: Floats = np.stack(good, axis=1) @ weights / weights.sum()
    return found


def _unseen(kernel: Floats, some: Taught, targets: Floats) -> Floats:
    fitted = _fit(kernel, some, targets - _ORIGIN, np.ones(len(targets)))
    said = np.full(targets.shape, np.nan)
    for out, asked in _cells(some):
        said[asked] = _ORIGIN + fitted.without(out)[asked[out]]
    return said


def _cells(some: Taught) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """What may not be learnt from, and what is asked: of each problem, or part, and tutor."""
    for part, tutor in product(np.unique(some.problems), np.unique(some.tutors)):
        asked = (some.problems == part) & (some.tutors == tutor)
        if asked.any():
            yield (some.problems == part) | (some.tutors == tutor), asked


def _fit(kernel: Floats, some: Taught, targets: Floats, weights: Floats, ridge: float = _RIDGE) -> Ridge:
    same = some.dialogues[:, None] == some.dialogues
    groups = np.unique(some.tutors, return_inverse=True)[1]
    return Ridge.fit(kernel + _DIALOGUE * same, targets, weights, groups, ridge=ridge, level=_LEVEL)


def _apart(states: NDArray[np.float32], num_taught: int, layers: tuple[int, ...]) -> Floats:
    """Squared distances of states, in the taught ones' standard deviations, over the median: (rows, taught)."""
    chosen = states[:, :, layers]
    taught = chosen[:num_taught]
    scaled = (chosen - taught.mean(axis=0)) / (taught.std(axis=0) + 1e-6)
    flat = scaled.reshape(len(states), -1) / np.sqrt(scaled[0].size)
    lengths = (flat**2).sum(axis=1)
    apart = np.maximum(0, lengths[:, None] + lengths[:num_taught] - 2 * flat @ flat[:num_taught].T).astype(float)
    return apart / float(np.median(apart[:num_taught]))


def _near(apart: Floats, width: float) -> Floats:
    found: Floats = np.exp(-apart / (2 * width))
    return found


def _together(labels: Floats) -> list[tuple[Rows, Rows]]:
    """Columns that the same rows are labelled by: those rows, and the columns."""
    groups: dict[bytes, list[int]] = {}
    for column in range(labels.shape[1]):
        groups.setdefault(np.isfinite(labels[:, column]).tobytes(), []).append(column)
    return [(np.flatnonzero(np.frombuffer(key, dtype=bool)), np.array(some)) for key, some in groups.items()]


def _numbers(names: Sequence[str]) -> Rows:
    places: dict[str, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in names], dtype=np.int64)
