"""What a judge may learn from, and what it is then asked: no problem on both sides, and no tutor either."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
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

    Problems are shuffled, then each goes to the smallest fold; those that several tutors answered come first, so that
    labels of other dimensions beside them do not move them. ValueError where there are fewer problems than folds.
    """
    parts = _parts(labelled, num_folds, seed)
    return [Fold(train=np.flatnonzero(parts != part), test=np.flatnonzero(parts == part)) for part in range(num_folds)]


def new_tutor(labelled: Sequence[Labelled], num_folds: int, *, seed: int = 0) -> list[Fold]:
    """The same folds, each divided by tutor: every reply is asked once, by a judge that saw neither its problem nor
    any reply of its tutor.

    Not those of a tutor who alone is labelled by their dimensions: without them nothing of these could be learnt.
    """
    tutors = np.array([each.tutor for each in labelled])
    kept = ~_alone(labelled)
    return [
        Fold(
            train=fold.train[(tutors[fold.train] != tutor) & kept[fold.train]],
            test=fold.test[(tutors[fold.test] == tutor) & kept[fold.test]],
        )
        for fold in by_problem(labelled, num_folds, seed=seed)
        for tutor in sorted(set(tutors[fold.test][kept[fold.test]].tolist()))
    ]


def _alone(labelled: Sequence[Labelled]) -> NDArray[np.bool_]:
    """Whether each reply is of a tutor who alone is labelled by all dimensions that the reply has labels of."""
    tutors: dict[str, set[str]] = defaultdict(set)
    for each in labelled:
        for name in each.labels:
            tutors[name].add(each.tutor)
    return np.array([bool(each.labels) and all(len(tutors[name]) == 1 for name in each.labels) for each in labelled])


def _parts(labelled: Sequence[Labelled], num_folds: int, seed: int) -> NDArray[np.int64]:
    together = [each for each, alone in zip(labelled, _alone(labelled), strict=True) if not alone]
    part: dict[str, int] = {}
    filled = [0] * num_folds
    for sizes in (Counter(each.problem for each in together), Counter(each.problem for each in labelled)):
        problems = sorted(sizes.keys() - part.keys())
        random.Random(seed).shuffle(problems)
        for problem in problems:
            part[problem] = filled.index(min(filled))
            filled[part[problem]] += sizes[problem]
    if len(part) < num_folds:
        raise ValueError(f"{len(part)} problems cannot be divided into {num_folds} folds")
    return np.array([part[each.problem] for each in labelled])
