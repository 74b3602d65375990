"""Controls among labelled replies: made fold by fold, so that no judge meets what it has learnt, and what they do.

A score that can be trusted gains nothing by a control that adds to a reply, and falls by every other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration.folds import Fold
from evaluation.comparison.stats import Estimate
from evaluation.controls.base import Control, Scene, controls
from evaluation.judges.agreement import Resamples
from evaluation.judges.labels import Labelled

_CALIBRATED = ("question_mark", "question", "praise", "shuffled", "canned", "canned_pool")
CONTROLS: dict[str, Control] = {name: controls()[name] for name in _CALIBRATED}
"""Those whose effect is stated, by name; the two with questions are one kind, twice."""


def changed(control: Control, labelled: Sequence[Labelled], folds: Sequence[Fold], *, seed: int = 0) -> list[Labelled]:
    """All replies with the control's in their places; one that it cannot make stays as it is.

    What another reply is taken from is of the same fold and of the same tutor: of the tutor's manner nothing changes.
    """
    texts = [each.reply for each in labelled]
    for fold in folds:
        pools: dict[str, list[Scene]] = defaultdict(list)
        for place in fold.test:
            pools[labelled[place].tutor].append(_scene(labelled[place]))
        scenes = [replace(_scene(labelled[place]), others=pools[labelled[place].tutor]) for place in fold.test]
        for place, text in zip(fold.test, control.replies(scenes, seed=seed), strict=True):
            texts[place] = texts[place] if text is None else text
    return [replace(each, reply=text) for each, text in zip(labelled, texts, strict=True)]


def _scene(each: Labelled) -> Scene:
    return Scene(messages=each.messages, references=(each.reply,), answer=each.answer, problem=each.problem)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a control does to a score."""

    change: Estimate
    """Mean of the control's score less the reply's own."""
    resisted: bool
    """Whether the score falls where the reply is replaced, and does not surely rise where something is added: the
    interval lies below 0, or its lower end is not above 0."""


def outcome(
    control: Control,
    scores: NDArray[np.float64],
    real: NDArray[np.float64],
    rows: NDArray[np.int64],
    resamples: Resamples,
) -> Outcome:
    """The change over the replies numbered `rows` for which both scores are known."""
    rows = rows[np.isfinite(scores[rows]) & np.isfinite(real[rows])]
    change = resamples.mean(scores[rows] - real[rows], rows)
    return Outcome(change=change, resisted=change.low <= 0 if control.adds else change.high < 0)
