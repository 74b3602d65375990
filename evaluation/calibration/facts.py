"""What calibration finds, as plain data: the figures of every dimension and metric, and whether to rely on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration.asking import Said, truth
from evaluation.calibration.baselines import Baseline, majority, out_of_fold, surface, tutor_name
from evaluation.calibration.folds import Fold
from evaluation.calibration.ranking import told_apart
from evaluation.calibration.values import by_thresholds
from evaluation.comparison.stats import Estimate
from evaluation.judges.agreement import Agreement, Resamples, agreement, correlation, macro_f1_gain
from evaluation.judges.base import DIMENSIONS, Dimension
from evaluation.judges.labels import CROWDS, Labelled

RULE = (
    "A dimension is reliable for new models where the judge's macro-F1 on replies whose problem and tutor it never saw "
    "is above that of the commonest verdict and that of the reply's surface alone, taught on the same folds: the 95 % "
    "interval of either difference, over problems, lies above 0. The tutor's name says nothing of a new one and comes "
    "down to the commonest verdict there; it stands beside the figure by problem, to show how much of that is style. "
    "Where the labels name one tutor only the problem is unseen, and that is enough only if the name stands for many."
)
_KINDS = {"Expert": "expert", "Novice": "novice"}
"""Tutors who are people, in MRBench; all others are models."""
_ENOUGH = 100
"""Labelled replies that a dimension needs to be calibrated, and a metric to apply to."""


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Labelled replies, and how they are divided and drawn."""

    replies: Sequence[Labelled]
    """All of them."""
    by_problem: Sequence[Fold]
    """Folds of whole problems."""
    new_tutor: Sequence[Fold]
    """The same with the tutor unseen too."""
    resamples: Resamples
    """Draws of problems."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One dimension's labels and what is said of the replies that have one."""

    dimension: Dimension
    """The dimension."""
    labels: Labels
    """Where the labels come from."""
    truth: NDArray[np.int64]
    """The teachers' verdicts, -1 where there is none; (replies,)."""

    def agreement(self, decided: NDArray[np.int64], values: NDArray[np.float64] | None = None) -> Agreement:
        """How far verdicts, and values (by default what the verdicts are worth), agree where both sides speak."""
        rows = self.rows(decided)
        worth = np.array(list(self.dimension.values.values()))
        said = worth[decided[rows]] if values is None else values[rows]
        return agreement(self.dimension, self.truth[rows], decided[rows], said, rows, self.labels.resamples)

    def gain(self, decided: NDArray[np.int64], other: NDArray[np.int64]) -> Estimate:
        """Macro-F1 less another's."""
        rows = self.rows(decided)
        return macro_f1_gain(self.dimension, self.truth[rows], decided[rows], other[rows], rows, self.labels.resamples)

    def baseline(self, baseline: Baseline, folds: Sequence[Fold]) -> NDArray[np.int64]:
        """A baseline's verdicts."""
        return out_of_fold(baseline, self.labels.replies, self.truth, folds, len(self.dimension.values))

    @property
    def tutors(self) -> set[str]:
        """Who wrote the labelled replies."""
        return {each.tutor for each, place in zip(self.labels.replies, self.truth, strict=True) if place >= 0}

    @property
    def unseen(self) -> Sequence[Fold]:
        """The folds that come nearest to a new model: with problem and tutor unseen, where there is another tutor."""
        return self.labels.new_tutor if len(self.tutors) > 1 else self.labels.by_problem

    def rows(self, decided: NDArray[np.int64]) -> NDArray[np.int64]:
        """The replies that both a teacher and the judge decided on."""
        return np.flatnonzero((self.truth >= 0) & (decided >= 0))


def columns(labels: Labels) -> dict[str, Column]:
    """The dimensions with labels enough, by name."""
    found = {name: truth(labels.replies, name) for name in DIMENSIONS}
    return {
        name: Column(dimension=DIMENSIONS[name], labels=labels, truth=places)
        for name, places in found.items()
        if (places >= 0).sum() >= _ENOUGH and len(np.unique(places[places >= 0])) > 1
    }


def dimension_facts(column: Column, by_problem: Said, new_tutor: Said) -> dict[str, Any] | None:
    """Everything about one dimension of a judge; None where the judge decided on too few replies."""
    name, labels = column.dimension.name, column.labels
    seen, unseen = by_problem.decided[name], new_tutor.decided[name]
    rows = column.rows(unseen)
    if len(rows) < _ENOUGH or len(np.unique(column.truth[rows])) < 2:
        return None
    by_name = column.baseline(tutor_name, labels.by_problem)
    commonest = column.baseline(majority, column.unseen)
    by_surface = column.baseline(surface, column.unseen)
    gains = {"majority": column.gain(unseen, commonest), "surface": column.gain(unseen, by_surface)}
    verdict = column.agreement(unseen, new_tutor.values[name])
    several = len(column.tutors) > 1 or column.tutors <= CROWDS
    reliable = several and all(gain.low > 0 for gain in gains.values())
    return {
        "n": len(rows),
        "abstained": int((column.truth >= 0).sum()) - len(rows),
        "by_problem": plain_agreement(column.agreement(seen, by_problem.values[name])),
        "new_tutor": plain_agreement(verdict),
        "tutor_name_only": plain_agreement(column.agreement(by_name)),
        "majority": plain_agreement(column.agreement(commonest)),
        "surface": plain_agreement(column.agreement(by_surface)),
        "gain_over_tutor_name": plain(column.gain(seen, by_name)),
        "gain_over_majority": plain(gains["majority"]),
        "gain_over_surface": plain(gains["surface"]),
        "told_apart": told_apart(
            column.dimension,
            column.truth,
            {"by_problem": by_problem.values[name], "new_tutor": new_tutor.values[name]},
            labels.replies,
            column.unseen,
            labels.resamples,
        ),
        "tutors": len(column.tutors),
        "reliable_for_new_models": reliable,
        "why": _why(column.tutors, reliable, verdict.macro_f1, gains),
    }


def metric_facts(column: Column, values: NDArray[np.float64]) -> dict[str, Any] | None:
    """How far a number goes with a dimension, as it is and as verdicts made of it; None where it hardly applies."""
    labels = column.labels
    rows = np.flatnonzero((column.truth >= 0) & np.isfinite(values))
    if len(rows) < _ENOUGH or np.ptp(values[rows]) == 0:
        return None
    worth = np.array(list(column.dimension.values.values()))[column.truth[rows]]
    size = len(column.dimension.values)
    seen = column.agreement(by_thresholds(values, column.truth, labels.by_problem, size))
    unseen = column.agreement(by_thresholds(values, column.truth, column.unseen, size))
    return {
        "n": len(rows),
        "pearson": plain(correlation(worth, values[rows], rows, labels.resamples)),
        **{name: found for name, found in plain_agreement(seen).items() if name != "pearson"},
        "new_tutor": plain_agreement(unseen),
    }


def tutor_order(
    scores: NDArray[np.float64], teachers: NDArray[np.float64], replies: Sequence[Labelled]
) -> dict[str, Any]:
    """How far mean scores put tutors in the teachers' order: pairs of tutors ordered alike, and the correlation.

    The nine or so tutors are no sample, so there is no interval.
    """
    known = np.isfinite(scores) & np.isfinite(teachers)
    tutors = np.array([each.tutor for each in replies])
    means = {
        tutor: (float(scores[mine].mean()), float(teachers[mine].mean()))
        for tutor in sorted(set(tutors[known].tolist()))
        for mine in [known & (tutors == tutor)]
    }
    ours, theirs = np.array(list(means.values())).reshape(-1, 2).T
    gaps = [(ours[i] - ours[j]) * (theirs[i] - theirs[j]) for i in range(len(ours)) for j in range(i)]
    return {
        "pairs": len(gaps),
        "ordered_alike": sum(bool(gap > 0) for gap in gaps),
        "pearson": float(np.corrcoef(ours, theirs)[0, 1]) if len(ours) > 2 else None,
        "means": {tutor: {"score": one, "teachers": other} for tutor, (one, other) in means.items()},
    }


def bias(
    scores: NDArray[np.float64], teachers: NDArray[np.float64], replies: Sequence[Labelled], resamples: Resamples
) -> dict[str, Any]:
    """By kind of tutor (expert, novice, model): mean score less the mean of the teachers' verdicts, weighted alike."""
    known = np.isfinite(scores) & np.isfinite(teachers)
    kinds = np.array([_KINDS.get(each.tutor, "model") for each in replies])
    return {
        kind: {"n": len(rows), "bias": plain(resamples.mean(scores[rows] - teachers[rows], rows))}
        for kind in (*_KINDS.values(), "model")
        if len(rows := np.flatnonzero(known & (kinds == kind)))
    }


def plain(estimate: Estimate) -> dict[str, float]:
    """As `calibration.json` has it."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def plain_agreement(found: Agreement) -> dict[str, dict[str, float]]:
    """The same of all figures of agreement."""
    return {name: plain(getattr(found, name)) for name in ("macro_f1", "lenient_macro_f1", "pearson", "kappa")}


def _why(tutors: set[str], reliable: bool, figure: Estimate, gains: Mapping[str, Estimate]) -> str:
    name, gain = min(gains.items(), key=lambda item: item[1].low)
    beaten = {"majority": "always the commonest verdict", "surface": "the length and punctuation of the reply alone"}
    by = f"by {gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})"
    asked = "unseen tutors and problems" if len(tutors) > 1 else "unseen problems"
    found = f"asked of {asked}, its macro-F1 is {figure.value:.2f}: " + (
        f"better than {beaten[name]} {by}" if gain.low > 0 else f"not surely better than {beaten[name]}, {by}"
    )
    if len(tutors) > 1:
        return found
    return f"{found}; its labels name one tutor, who is {'many' if tutors <= CROWDS else 'all that it knows'}"
