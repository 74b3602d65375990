"""How far verdicts agree with teachers' labels, with intervals over problems.

Every figure is a function of sums over replies, so a bootstrap over clusters needs the sums of each cluster once: a
resample is a row of weights, and thousands of them are one matrix product.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.comparison.resampling import Resampling
from evaluation.comparison.stats import LEVEL, Estimate
from evaluation.judges.base import Dimension

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How far verdicts on some replies agree with teachers'. Percentile bootstrap intervals over clusters."""

    macro_f1: Estimate
    """Mean over verdicts of F1; a verdict that neither side gives does not count."""
    lenient_macro_f1: Estimate
    """The same with "To some extent" taken for "Yes"; where a dimension has no such verdict, the same figure."""
    pearson: Estimate
    """Correlation of the judge's value with what the teacher's verdict is worth; 0 where either is constant."""
    kappa: Estimate
    """Cohen's κ, weighted by the square of the distance in steps (Cohen 1968); plain κ where there are two verdicts."""


class Resamples:
    """Clusters drawn with replacement, the same draws for every figure, so that figures can be subtracted.

    `clusters` has a name for each reply; `count` resamples are drawn with `seed`. The first row of the weights is the
    data themselves, so what is computed for all rows has the figure first and its resamples after it.
    """

    def __init__(self, clusters: Sequence[Hashable], *, count: int = 2000, seed: int = 0) -> None:
        places: dict[Hashable, int] = {}
        self.cluster = np.array([places.setdefault(name, len(places)) for name in clusters], dtype=np.int64)
        """Of each reply, the number of its cluster."""
        self.num_clusters = len(places)
        drawn = Resampling(self.num_clusters, seed=seed, resamples=count).draws
        self.weights: Floats = np.vstack([np.ones(self.num_clusters), drawn])
        """How often each cluster counts, (1 + count, clusters)."""

    def totals(self, rows: NDArray[np.int64], values: Floats) -> Floats:
        """Sums of `values` (rows, columns), of the replies numbered `rows`, in each resample: (1 + count, columns)."""
        sums = np.zeros((self.num_clusters, values.shape[1]))
        np.add.at(sums, self.cluster[rows], values)
        return self.weights @ sums

    def estimate(self, figures: Floats, rows: NDArray[np.int64], *, level: float = LEVEL) -> Estimate:
        """The figure of the data, which is the first, with the interval that the resamples after it span.

        A resample in which the figure does not exist (not a number) is left out.
        """
        value, tail = float(figures[0]), (1 - level) / 2
        drawn = figures[1:][np.isfinite(figures[1:])]
        low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (value, value)
        return Estimate(
            value=value,
            low=min(float(low), value),
            high=max(float(high), value),
            num_cases=len(rows),
            num_clusters=len(np.unique(self.cluster[rows])),
        )

    def mean(self, values: ArrayLike, rows: NDArray[np.int64]) -> Estimate:
        """The mean of one value for each of `rows`."""
        found = np.asarray(values, float)
        totals = self.totals(rows, np.stack([found, np.ones(len(found))], axis=1))
        return self.estimate(_ratio(totals[:, 0], totals[:, 1], nothing=np.nan), rows)


def agreement(
    dimension: Dimension,
    truth: NDArray[np.int64],
    decided: NDArray[np.int64],
    values: Floats,
    rows: NDArray[np.int64],
    resamples: Resamples,
) -> Agreement:
    """Of the replies numbered `rows`: the teacher's verdicts and the judge's as places in `dimension.values`, and the
    judge's values, 0 to 1; each of shape (rows,)."""
    tables = confusions(dimension, truth, decided, rows, resamples)
    worth = np.array(list(dimension.values.values()))[truth]
    figures = {
        "macro_f1": macro_f1(tables),
        "lenient_macro_f1": macro_f1(lenient(dimension, tables)),
        "pearson": correlations(worth, values, rows, resamples),
        "kappa": _kappa(tables),
    }
    return Agreement(**{name: resamples.estimate(found, rows) for name, found in figures.items()})


def correlation(one: ArrayLike, other: ArrayLike, rows: NDArray[np.int64], resamples: Resamples) -> Estimate:
    """Pearson's r of two numbers known of each of `rows`; 0 where either is constant."""
    return resamples.estimate(correlations(one, other, rows, resamples), rows)


def macro_f1_gain(
    dimension: Dimension,
    truth: NDArray[np.int64],
    decided: NDArray[np.int64],
    baseline: NDArray[np.int64],
    rows: NDArray[np.int64],
    resamples: Resamples,
) -> Estimate:
    """Macro-F1 of `decided` less that of `baseline`, on the same replies and the same draws."""
    gain = macro_f1(confusions(dimension, truth, decided, rows, resamples)) - macro_f1(
        confusions(dimension, truth, baseline, rows, resamples)
    )
    return resamples.estimate(gain, rows)


def kappas(truth: NDArray[np.int64], decided: NDArray[np.int64], size: int, resamples: Resamples) -> Floats:
    """Cohen's κ of two verdicts, 0 to `size` - 1, on each reply that the resamples are of, in each resample."""
    return _kappa(_tables(truth, decided, np.arange(len(truth)), size, resamples))


def confusions(
    dimension: Dimension,
    truth: NDArray[np.int64],
    decided: NDArray[np.int64],
    rows: NDArray[np.int64],
    resamples: Resamples,
) -> Floats:
    """How often each verdict met each, in each resample: (resamples, the teacher's, the judge's)."""
    return _tables(truth, decided, rows, len(dimension.values), resamples)


def _tables(
    truth: NDArray[np.int64], decided: NDArray[np.int64], rows: NDArray[np.int64], size: int, resamples: Resamples
) -> Floats:
    cells = np.zeros((len(rows), size * size))
    cells[np.arange(len(rows)), truth * size + decided] = 1
    return resamples.totals(rows, cells).reshape(-1, size, size)


def lenient(dimension: Dimension, tables: Floats) -> Floats:
    """The tables with the rows and columns of "To some extent" added to those of "Yes"."""
    names = list(dimension.values)
    if "To some extent" not in names:
        return tables
    merged = ["Yes" if name == "To some extent" else name for name in names]
    kept = list(dict.fromkeys(merged))
    joins = np.array([[float(name == one) for one in kept] for name in merged])
    found: Floats = np.einsum("ia,rij,jb->rab", joins, tables, joins)
    return found


def macro_f1(tables: Floats) -> Floats:
    """Of each table (teacher's, judge's): the mean F1 of the verdicts that at least one side gives."""
    hits = np.diagonal(tables, axis1=1, axis2=2)
    given = tables.sum(axis=1) + tables.sum(axis=2)
    scores = _ratio(2 * hits, given, nothing=0.0)
    return _ratio(scores.sum(axis=1), (given > 0).sum(axis=1).astype(float), nothing=np.nan)


def correlations(one: ArrayLike, other: ArrayLike, rows: NDArray[np.int64], resamples: Resamples) -> Floats:
    """Pearson's r in each resample."""
    x, y = (_centred(np.asarray(values, float)) for values in (one, other))
    columns = np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], axis=1)
    n, sx, sy, sxx, syy, sxy = resamples.totals(rows, columns).T
    spread = np.sqrt(np.maximum(n * sxx - sx * sx, 0) * np.maximum(n * syy - sy * sy, 0))
    return _ratio(n * sxy - sx * sy, spread, nothing=0.0)


def _centred(values: Floats) -> Floats:
    # r does not change with the origin, and the sums of squares keep their digits.
    return values - values.mean() if len(values) else values


def _kappa(tables: Floats) -> Floats:
    size = tables.shape[1]
    steps = np.arange(size)
    cost = (steps[:, None] - steps[None, :]) ** 2.0
    expected = np.einsum("ri,rj->rij", tables.sum(axis=2), tables.sum(axis=1))
    expected = _ratio(expected, tables.sum(axis=(1, 2))[:, None, None], nothing=np.nan)
    return 1 - _ratio((tables * cost).sum(axis=(1, 2)), (expected * cost).sum(axis=(1, 2)), nothing=1.0)


def _ratio(above: Floats, below: Floats, *, nothing: float) -> Floats:
    """above / below; `nothing` where below is 0."""
    small = np.abs(below) < 1e-12
    found: Floats = np.where(small, nothing, above / np.where(small, 1.0, below))
    return found
