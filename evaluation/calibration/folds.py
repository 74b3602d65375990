"""What a judge may learn from, and what it is then asked: no problem on both sides, and no tutor either."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.judges.labels import Labelled


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """One split, as places in the list of labelled replies."""

    train: NDArray[np.int64]
    """What may be learnt from."""
    test: NDArray[np.int64]
    """What is asked."""


def by_problem(labelled: Sequence[Labelled], num_folds: int, *, seed: int = 0) -> list[Fold]:
    """Folds of whole problems: every reply is asked once, by a judge that saw no reply to its problem.

    Problems are shuffled, then each goes to the smallest fold. ValueError where there are fewer problems than folds.
    """
    parts = _parts(labelled, num_folds, seed)
    return [Fold(train=np.flatnonzero(parts != part), test=np.flatnonzero(parts == part)) for part in range(num_folds)]


def new_tutor(labelled: Sequence[Labelled], num_folds: int, *, seed: int = 0) -> list[Fold]:
    """The same folds, each divided by tutor: every reply is asked once, by a judge that saw neither its problem nor
    any reply of its tutor."""
    tutors = np.array([each.tutor for each in labelled])
    return [
        Fold(train=fold.train[tutors[fold.train] != tutor], test=fold.test[tutors[fold.test] == tutor])
        for fold in by_problem(labelled, num_folds, seed=seed)
        for tutor in sorted(set(tutors[fold.test].tolist()))
    ]


def _parts(labelled: Sequence[Labelled], num_folds: int, seed: int) -> NDArray[np.int64]:
    sizes = Counter(each.problem for each in labelled)
    if len(sizes) < num_folds:
        raise ValueError(f"{len(sizes)} problems cannot be divided into {num_folds} folds")
    problems = sorted(sizes)
    random.Random(seed).shuffle(problems)
    filled = [0] * num_folds
    part: dict[str, int] = {}
    for problem in problems:
        part[problem] = filled.index(min(filled))
        filled[part[problem]] += sizes[problem]
    return np.array([part[each.problem] for each in labelled])
