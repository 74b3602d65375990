"""A judge in parts: a dimension that has corpora of its own is learnt apart, so that it changes no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.judges.embedding import Embedding
from evaluation.judges.features.reading import Judged
from evaluation.judges.fitted import FittedJudge

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class PartedJudge:
    """What training found, part by part. Each dimension is in one part."""

    parts: tuple[FittedJudge, ...]
    """The dimensions that are labelled together, and then those that are taught apart."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All that it was taught."""
        return tuple(name for part in self.parts for name in part.dimensions)

    def predict(self, items: Sequence[Judged]) -> dict[str, Floats]:
        """By dimension the probabilities, (items, verdicts); verdicts in the order of the dimension's `values`."""
        return {name: rows for part in self.parts for name, rows in part.predict(items).items()}

    def decide(self, probabilities: dict[str, Floats]) -> dict[str, NDArray[np.int64]]:
        """By dimension the verdict chosen for each row, as a place in the dimension's `values`."""
        found: dict[str, NDArray[np.int64]] = {}
        for part in self.parts:
            found |= part.decide({name: rows for name, rows in probabilities.items() if name in part.dimensions})
        return found

    def values(self, probabilities: dict[str, Floats]) -> dict[str, Floats]:
        """By dimension the expected value of each row, 0 to 1."""
        return self.parts[0].values(probabilities)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers by the part's number and their name there."""
        return {
            f"{number}.{name}": array for number, part in enumerate(self.parts) for name, array in part.arrays().items()
        }

    def words(self) -> list[dict[str, Any]]:
        """Of each part its words, as plain data: what is kept beside the arrays."""
        return [
            {
                "dimensions": list(part.dimensions),
                "embedding": part.embedding.name if part.embedding else None,
                "vocabulary": list(part.space.vocabulary),
            }
            for part in self.parts
        ]

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]], words: Sequence[dict[str, Any]]) -> PartedJudge:
        """The judge that `arrays()` and `words()` were taken of."""
        parts = []
        for number, kept in enumerate(words):
            start = f"{number}."
            own = {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
            embedding = Embedding(kept["embedding"]) if kept["embedding"] else None
            parts.append(
                FittedJudge.of(own, vocabulary=kept["vocabulary"], dimensions=kept["dimensions"], embedding=embedding)
            )
        return cls(parts=tuple(parts))
