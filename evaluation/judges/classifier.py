"""The trained judge: what it is fitted to, what it says of a reply, and the artifact it is kept in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evaluation.cases import Messages
from evaluation.judges.base import DIMENSIONS


class Judged(Protocol):
    """What the judge reads: an `Item` to be judged, or a `Labelled` reply."""

    @property
    def messages(self) -> Messages:
        """The conversation up to the reply."""

    @property
    def reply(self) -> str:
        """The reply."""

    @property
    def answer(self) -> str:
        """The solution, or empty."""


class Taught(Judged, Protocol):
    """What the judge learns from: a `Labelled` reply."""

    @property
    def problem(self) -> str:
        """Replies of one problem share it; folds keep them together."""

    @property
    def labels(self) -> dict[str, str]:
        """By dimension the verdict, as a key of the dimension's `values`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FittedJudge:
    """What training found: by dimension the models, and how a class is chosen from their probabilities."""

    dimensions: tuple[str, ...]
    """The dimensions it was taught, in the order of `DIMENSIONS`."""
    parts: Any
    """Its models."""

    def predict(self, items: Sequence[Judged]) -> dict[str, NDArray[np.float64]]:
        """By dimension the probabilities, (items, verdicts); verdicts in the order of the dimension's `values`."""
        raise NotImplementedError

    def decide(self, probabilities: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.intp]]:
        """By dimension the verdict chosen for each row, as an index into the dimension's `values`."""
        raise NotImplementedError

    def values(self, probabilities: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """By dimension the expected value of each row, 0 to 1."""
        return {name: rows @ np.array(list(DIMENSIONS[name].values.values())) for name, rows in probabilities.items()}


def fit(labelled: Sequence[Taught], *, seed: int = 0) -> FittedJudge:
    """A judge taught by `labelled` alone; its decision rule is chosen by folds of whole problems within them."""
    raise NotImplementedError
