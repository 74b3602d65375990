"""How alike two replies are: in their n-grams, in the ranks of their facts, in the facts themselves, in embeddings.

Each likeness is a kernel, and a judge that adds up unlike ones is an average of unlike models: a linear model of words,
one of facts, and one that, like a forest of trees, cares only for the order of each fact and for what is near.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.judges.features.table import Features

Floats = NDArray[np.float64]

_FEWEST = 3
"""Replies that must have an n-gram for it to count."""
_FARTHEST = 3.0
"""Standard deviations from the mean at which a fact is cut off."""
_NARROW = 7.0
"""How fast likeness in ranks falls with their mean distance, a share of all replies."""
_RANKS = 2.0
"""What likeness in ranks counts, where likeness in facts counts 1."""
_TERMS = 0.5
"""What likeness in n-grams counts beside it: who writes like whom says little of one who writes like nobody here."""
_STEPS = 100
"""Quantiles that ranks are told by: a rank is 0 to 2 · 100, so that it fits a byte."""
_PORTION = 100
"""Rows at a time whose distances fit in the processor's cache: four times as fast."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Points:
    """Replies as rows of a space."""

    terms: Any
    """The n-grams that count, each reply's of length 1 together: a sparse matrix, (replies, vocabulary)."""
    ranks: NDArray[np.uint8]
    """Of each fact its place among the taught replies, (replies, facts)."""
    facts: Floats
    """The facts in standard deviations over the root of their number, (replies, facts)."""
    vectors: Floats
    """Embeddings of length 1, (replies, size); no column without an embedding model."""

    def likeness(self, *, nearness: bool = True) -> Floats:
        """Of each reply to each: the sum of all kernels, (replies, replies), or of all but that of the ranks."""
        found: Floats = terms_count(nearness) * (self.terms @ self.terms.T).toarray()
        found += self.facts @ self.facts.T + self.vectors @ self.vectors.T
        return found + near(self.ranks, self.ranks) if nearness else found


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """What the taught replies have in common, by which others are placed beside them."""

    vocabulary: dict[str, int]
    """The n-grams that count, each with its place."""
    rarity: Floats
    """Of each n-gram, its inverse document frequency."""
    quantiles: Floats
    """Of each fact, (steps, facts)."""
    mean: Floats
    """Of each fact."""
    spread: Floats
    """Its standard deviation; 1 where it never changes."""

    @classmethod
    def of(cls, taught: Sequence[Features]) -> Space:
        """The space that `taught` replies span."""
        frequency = Counter(term for each in taught for term in set(each.terms))
        kept = sorted(term for term, count in frequency.items() if count >= _FEWEST)
        counts = np.array([frequency[term] for term in kept])
        facts = np.array([each.facts for each in taught])
        spread = facts.std(axis=0)
        return cls(
            vocabulary={term: place for place, term in enumerate(kept)},
            rarity=np.log((1 + len(taught)) / (1 + counts)) + 1,
            quantiles=np.quantile(facts, np.linspace(0, 1, _STEPS), axis=0, method="nearest"),
            mean=facts.mean(axis=0),
            spread=np.where(spread > 1e-9, spread, 1.0),
        )

    def place(self, replies: Sequence[Features], vectors: Floats) -> Points:
        """The replies, with their embeddings, in this space."""
        facts = np.array([each.facts for each in replies]).reshape(len(replies), len(self.mean))
        ranks = np.empty(facts.shape, dtype=np.uint8)
        for column in range(facts.shape[1]):
            # The middle of those it ties with: a fact of few values is not spread over ranks by chance.
            steps, values = self.quantiles[:, column], facts[:, column]
            ranks[:, column] = np.searchsorted(steps, values, "left") + np.searchsorted(steps, values, "right")
        standard = np.clip((facts - self.mean) / self.spread, -_FARTHEST, _FARTHEST)
        return Points(
            terms=self._weigh(replies),
            ranks=ranks,
            facts=standard / np.sqrt(max(1, facts.shape[1])),
            vectors=vectors,
        )

    def _weigh(self, replies: Sequence[Features]) -> Any:
        """Term frequency, damped, times inverse document frequency."""
        from scipy.sparse import csr_array

        starts, places, weights = [0], [], []
        for each in replies:
            counts = Counter(place for term in each.terms if (place := self.vocabulary.get(term)) is not None)
            found = (1 + np.log(np.fromiter(counts.values(), dtype=float))) * self.rarity[list(counts)]
            places += list(counts)
            weights += (found / max(1e-12, float(np.linalg.norm(found)))).tolist()
            starts.append(len(places))
        return csr_array((weights, places, starts), shape=(len(replies), len(self.vocabulary)))


def terms_count(nearness: bool) -> float:
    """What likeness in n-grams counts: all that it can where a judge has only it and the facts."""
    return _TERMS if nearness else 1.0


def near(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Floats:
    """Laplacian kernel of ranks, (rows of one, rows of other), from 0 to what likeness in ranks counts."""
    columns = np.ascontiguousarray(other.T, dtype=np.int16)
    width = 2 * _STEPS * max(1, one.shape[1])
    found = np.empty((len(one), len(other)))
    for start in range(0, len(one), _PORTION):
        rows = one[start : start + _PORTION].astype(np.int16)
        apart = np.zeros((len(rows), len(other)), dtype=np.min_scalar_type(width))
        for place, column in enumerate(columns):
            apart += np.abs(rows[:, place, None] - column).view(np.uint16)
        apart = apart.astype(np.float32)
        found[start : start + _PORTION] = _RANKS * np.exp(-_NARROW * apart / width)
    return found
