"""What a judge has to beat: the commonest verdict, the tutor's name alone, and the surface of the reply alone.

Each is taught on a fold's training replies and asked the fold's test replies, as the judge is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration.folds import Fold
from evaluation.judges.agreement import macro_f1
from evaluation.judges.labels import Labelled
from evaluation.metrics.words import words

Verdicts = NDArray[np.int64]
Baseline = Callable[[Sequence[Labelled], Sequence[Labelled], Verdicts, int], Verdicts]
"""(training replies, test replies, verdicts on the former, how many verdicts there are) to verdicts on the latter."""

Valued = Callable[[Sequence[Labelled], Sequence[Labelled], Verdicts], NDArray[np.float64]]
"""(training replies, test replies, verdicts on the former) to a value of each of the latter."""

_WEIGHTS = np.geomspace(0.1, 10, 13)


def majority(train: Sequence[Labelled], test: Sequence[Labelled], truth: Verdicts, size: int) -> Verdicts:
    """The commonest verdict of the training replies, for everyone."""
    return np.full(len(test), np.bincount(truth, minlength=size).argmax())


def tutor_name(train: Sequence[Labelled], test: Sequence[Labelled], truth: Verdicts, size: int) -> Verdicts:
    """One verdict for each tutor, and nothing is read.

    Each verdict's share among the tutor's training replies is multiplied by a weight, and the largest wins; the weights
    are those with the best macro-F1 on the training replies. A tutor who is not among them gets the commonest verdict.
    """
    names = sorted({each.tutor for each in train})
    counts = np.zeros((len(names), size))
    np.add.at(counts, (np.array([names.index(each.tutor) for each in train]), truth), 1)
    weights = np.array([[*some, 1.0] for some in product(_WEIGHTS, repeat=size - 1)])
    shares = counts / counts.sum(axis=1, keepdims=True)
    given = (shares[None] * weights[:, None]).argmax(axis=2)
    tables = np.einsum("tc,wtd->wcd", counts, np.eye(size)[given])
    chosen = given[macro_f1(tables).argmax()]
    commonest = int(counts.sum(axis=0).argmax())
    known = dict(zip(names, chosen.tolist(), strict=True))
    return np.array([known.get(each.tutor, commonest) for each in test])


def surface(train: Sequence[Labelled], test: Sequence[Labelled], truth: Verdicts, size: int) -> Verdicts:
    """Logistic regression, verdicts weighed alike, on the reply's length and on its question marks, exclamation marks
    and digits: no word, no dialogue and no name."""
    if len(np.unique(truth)) < 2:
        return majority(train, test, truth, size)
    found: Verdicts = _of_surface(train, truth).predict(_surface(test))
    return found


def surface_worth(worth: NDArray[np.float64]) -> Valued:
    """What the same regression expects of a reply, with what each verdict is worth."""

    def values(train: Sequence[Labelled], test: Sequence[Labelled], truth: Verdicts) -> NDArray[np.float64]:
        if len(np.unique(truth)) < 2:
            return np.full(len(test), worth[truth].mean() if len(truth) else np.nan)
        model = _of_surface(train, truth)
        found: NDArray[np.float64] = model.predict_proba(_surface(test)) @ worth[model.classes_]
        return found

    return values


def _of_surface(train: Sequence[Labelled], truth: Verdicts) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
    return model.fit(_surface(train), truth)


def out_of_fold(
    baseline: Baseline, labelled: Sequence[Labelled], truth: Verdicts, folds: Sequence[Fold], size: int
) -> Verdicts:
    """The baseline's verdict on every reply that has one, each by what the reply's fold may learn from.

    `truth` holds each reply's verdict as a place, -1 where the teachers gave none. The result has -1 there too.
    """
    decided = np.full(len(labelled), -1)
    for fold in folds:
        train, test = (part[truth[part] >= 0] for part in (fold.train, fold.test))
        if len(test):
            known, asked = [labelled[place] for place in train], [labelled[place] for place in test]
            decided[test] = baseline(known, asked, truth[train], size)
    return decided


def out_of_fold_values(
    baseline: Valued, labelled: Sequence[Labelled], truth: Verdicts, folds: Sequence[Fold]
) -> NDArray[np.float64]:
    """The same of a baseline that gives values; not a number where there is none."""
    found = np.full(len(labelled), np.nan)
    for fold in folds:
        train, test = (part[truth[part] >= 0] for part in (fold.train, fold.test))
        if len(test):
            known, asked = [labelled[place] for place in train], [labelled[place] for place in test]
            found[test] = baseline(known, asked, truth[train])
    return found


def _surface(replies: Sequence[Labelled]) -> NDArray[np.float64]:
    return np.array(
        [
            [
                np.log1p(len(words(each.reply))),
                each.reply.count("?"),
                each.reply.rstrip().endswith("?"),
                each.reply.count("!"),
                any(character.isdigit() for character in each.reply),
            ]
            for each in replies
        ],
        dtype=float,
    )
