"""Kernel ridge regression, with the predictions that it would make of rows that it had not seen.

Those come from the one inverse that fitting needs (Rifkin and Lippert 2007; An, Liu and Venkatesh 2007): without the
rows B, a model says of them y_B - ((Q⁻¹)_BB)⁻¹ (Q⁻¹ y)_B, where Q is the kernel with the ridge on its diagonal. So a
choice nested in a training set costs no second training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ridge:
    """A fitted regression."""

    inverse: Floats
    """Of the kernel with the ridge, (rows, rows)."""
    coefficients: Floats
    """What each row adds to a prediction by its likeness, (rows, targets)."""
    targets: Floats
    """What was to be predicted, (rows, targets)."""

    @classmethod
    def fit(cls, kernel: Floats, targets: Floats, weights: Floats, *, ridge: float) -> Ridge:
        """Minimises the squared error, row by row times its weight, plus `ridge` times the squared norm."""
        inverse = np.asarray(np.linalg.inv(kernel + np.diag(ridge / weights)), dtype=float)
        return cls(inverse=inverse, coefficients=inverse @ targets, targets=targets)

    def without(self, removed: NDArray[np.bool_]) -> Floats:
        """Of the removed rows, in order, what a regression fitted to the others predicts: (removed, targets)."""
        rows = np.flatnonzero(removed)
        residuals = np.linalg.solve(self.inverse[np.ix_(rows, rows)], self.coefficients[rows])
        found: Floats = self.targets[rows] - residuals
        return found
