"""What a judge may be asked that it was not taught, within a training set: other problems, and other tutors too."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.judges.distractors import Distractor, Taught

_FOLDS = 5

Rows = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Some replies that are asked together. Rows are the labelled replies and then the distractors."""

    left_out: Rows
    """What may not be learnt from: all that shares a problem, or a tutor, with what is asked."""
    asked: Rows
    """The labelled replies that are asked."""


def by_problem(labelled: Sequence[Taught], made: Sequence[Distractor], *, seed: int) -> list[Cell]:
    """Every reply is asked once, without any of its problem. ValueError where all are of one problem."""
    problems = sorted({each.problem for each in labelled})
    if len(problems) < 2:
        raise ValueError("all replies are of one problem: none can be held out")
    random.Random(seed).shuffle(problems)
    count = min(_FOLDS, len(problems))
    return [_cell(labelled, made, frozenset(problems[part::count]), None) for part in range(count)]


def new_tutor(labelled: Sequence[Taught], made: Sequence[Distractor], *, seed: int) -> list[Cell]:
    """Every reply is asked once, without any of its problem or of its tutor. Empty where there is one tutor."""
    tutors = sorted({each.tutor for each in labelled})
    if len(tutors) < 2:
        return []
    problems = sorted({each.problem for each in labelled})
    random.Random(seed).shuffle(problems)
    count = min(_FOLDS, len(problems))
    cells = [_cell(labelled, made, frozenset(problems[part::count]), one) for part in range(count) for one in tutors]
    return [cell for cell in cells if cell.asked.any() and not cell.left_out.all()]


def _cell(labelled: Sequence[Taught], made: Sequence[Distractor], problems: frozenset[str], tutor: str | None) -> Cell:
    left_out = [each.problem in problems or each.tutor == tutor for each in labelled]
    left_out += [not problems.isdisjoint(each.problems) or each.tutor == tutor for each in made]
    asked = [each.problem in problems and tutor in (None, each.tutor) for each in labelled]
    return Cell(left_out=np.array(left_out), asked=np.array(asked + [False] * len(made)))
