"""What training found, as arrays: probabilities of verdicts, and the verdict to choose by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.judges.agreement import macro_f1
from evaluation.judges.base import DIMENSIONS
from evaluation.judges.embedding import Embedding
from evaluation.judges.features.reading import Judged
from evaluation.judges.features.table import describe
from evaluation.judges.likeness import Space, near

Floats = NDArray[np.float64]

_OFFSETS = np.linspace(-0.6, 0.6, 13)
_DECISIVE = 0.005
"""Macro-F1 by which an offset must be worse to count a third: the best of many on few replies is best by chance."""
_PORTION = 500
"""Replies at a time, so that likeness to all taught replies fits in memory."""


@dataclass(frozen=True, kw_only=True)
class FittedJudge:
    """Of each reply the probability of each verdict: a sum over n-grams, facts, embeddings and taught replies."""

    dimensions: tuple[str, ...]
    """The dimensions it was taught, in the order of `DIMENSIONS`. Their verdicts, one after another, are the columns
    of all weights."""
    space: Space
    """Where replies are placed."""
    term_weights: Floats
    """Of each n-gram, (vocabulary, columns)."""
    fact_weights: Floats
    """Of each fact, (facts, columns)."""
    vector_weights: Floats
    """Of each number of the embedding, (size, columns)."""
    taught_ranks: NDArray[np.uint8]
    """Where the taught replies lie, (taught, facts)."""
    rank_weights: Floats
    """Of likeness to each taught reply, (taught, columns)."""
    constant: Floats
    """Of every reply, (columns,)."""
    offsets: dict[str, Floats]
    """By dimension: what is added to each verdict's probability before the greatest is chosen."""
    embedding: Embedding | None = None
    """The embedding model, where there is one."""

    def predict(self, items: Sequence[Judged]) -> dict[str, Floats]:
        """By dimension the probabilities, (items, verdicts); verdicts in the order of the dimension's `values`."""
        portions = [self._scores(items[start : start + _PORTION]) for start in range(0, len(items), _PORTION)]
        scores = np.concatenate([np.empty((0, len(self.constant))), *portions])
        return {name: as_probabilities(scores[:, columns]) for name, columns in columns_of(self.dimensions).items()}

    def decide(self, probabilities: dict[str, Floats]) -> dict[str, NDArray[np.int64]]:
        """By dimension the verdict chosen for each row, as a place in the dimension's `values`."""
        return {name: (rows + self.offsets[name]).argmax(axis=1) for name, rows in probabilities.items()}

    def values(self, probabilities: dict[str, Floats]) -> dict[str, Floats]:
        """By dimension the expected value of each row, 0 to 1."""
        return {name: rows @ np.array(list(DIMENSIONS[name].values.values())) for name, rows in probabilities.items()}

    def _scores(self, items: Sequence[Judged]) -> Floats:
        vectors = self.embedding.vectors(items) if self.embedding else np.empty((len(items), 0))
        points = self.space.place([describe(each) for each in items], vectors)
        scores: Floats = points.terms @ self.term_weights + points.facts @ self.fact_weights + self.constant
        return scores + points.vectors @ self.vector_weights + near(points.ranks, self.taught_ranks) @ self.rank_weights

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers by name, weights in half the precision: what is kept beside the vocabulary."""
        weights = ("term_weights", "fact_weights", "vector_weights", "rank_weights", "constant")
        return {
            "rarity": self.space.rarity,
            "quantiles": self.space.quantiles,
            "mean": self.space.mean,
            "spread": self.space.spread,
            "taught_ranks": self.taught_ranks,
            **{name: getattr(self, name).astype(np.float32) for name in weights},
            **{f"offsets.{name}": found for name, found in self.offsets.items()},
        }

    @classmethod
    def of(
        cls,
        arrays: dict[str, NDArray[Any]],
        *,
        vocabulary: Sequence[str],
        dimensions: Sequence[str],
        embedding: Embedding | None,
    ) -> FittedJudge:
        """The judge that `arrays()` were taken of."""
        space = Space(
            vocabulary={term: place for place, term in enumerate(vocabulary)},
            **{name: arrays.pop(name) for name in ("rarity", "quantiles", "mean", "spread")},
        )
        offsets = {name: arrays.pop(f"offsets.{name}") for name in dimensions}
        return cls(dimensions=tuple(dimensions), space=space, offsets=offsets, embedding=embedding, **arrays)


def columns_of(dimensions: Sequence[str]) -> dict[str, slice]:
    """Of each dimension the columns that its verdicts take."""
    found, start = {}, 0
    for name in dimensions:
        found[name] = slice(start, start + len(DIMENSIONS[name].values))
        start = found[name].stop
    return found


def as_probabilities(scores: Floats) -> Floats:
    """Rows that sum to 1 already, and may lie a little outside 0 to 1, put inside."""
    inside = np.clip(scores, 0, 1)
    found: Floats = inside / inside.sum(axis=1, keepdims=True)
    return found


def best_offsets(truth: NDArray[np.int64], views: Sequence[tuple[NDArray[np.bool_], Floats]]) -> Floats:
    """The offsets by which macro-F1 is best, in the mean over `views` of probabilities, each of some of the rows.

    `truth` (rows,) holds verdicts as places. Offsets are averaged by how near they come to the best.
    """
    size = views[0][1].shape[1]
    tried = np.array([[*some, 0.0] for some in product(_OFFSETS, repeat=size - 1)])
    scores = np.mean([macro_f1(_tables(truth[rows], found, tried)) for rows, found in views], axis=0)
    trust = np.exp((scores - scores.max()) / _DECISIVE)
    offsets: Floats = trust @ tried / trust.sum()
    return offsets


def _tables(truth: NDArray[np.int64], probabilities: Floats, tried: Floats) -> Floats:
    """How often each verdict meets each under each of the offsets: (tried, the teacher's, the judge's)."""
    size = probabilities.shape[1]
    decided = (probabilities[None] + tried[:, None]).argmax(axis=2)
    cells = np.arange(len(tried))[:, None] * size * size + truth * size + decided
    counts = np.bincount(cells.ravel(), minlength=len(tried) * size * size)
    found: Floats = counts.reshape(-1, size, size).astype(float)
    return found
