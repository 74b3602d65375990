"""Kernel ridge regression over groups that have levels of their own, with what it would say of rows it had not seen.

A level is what all rows of a group have above the rest that their likeness does not tell: it is learnt beside the rest
(a random intercept), so that the rest need not explain it, and left out of every prediction.

What it would say comes from the one inverse that fitting needs (Rifkin and Lippert 2007; An, Liu and Venkatesh 2007):
without the rows B, a model says of them y_B - ((Q⁻¹)_BB)⁻¹ (Q⁻¹ y)_B, levels included, where Q is the kernel with the
ridge on its diagonal. So a choice nested in a training set costs no second training.
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
    groups: Floats
    """Each row's group, a 1 in its column, times the root of how far levels may lie apart: (rows, groups)."""

    @classmethod
    def fit(
        cls, kernel: Floats, targets: Floats, weights: Floats, groups: NDArray[np.int64], *, ridge: float, level: float
    ) -> Ridge:
        """Minimises the squared error, row by row times its weight, plus `ridge` times the squared norm.

        `groups` (rows,) numbers each row's group from 0; `level` is how far their levels may lie apart, 0 for none.
        """
        apart = np.sqrt(level) * np.eye(int(groups.max()) + 1)[groups]
        inverse = np.asarray(np.linalg.inv(kernel + apart @ apart.T + np.diag(ridge / weights)), dtype=float)
        return cls(inverse=inverse, coefficients=inverse @ targets, targets=targets, groups=apart)

    def without(self, removed: NDArray[np.bool_]) -> Floats:
        """Of the removed rows, in order, what a regression fitted to the others predicts: (removed, targets)."""
        rows = np.flatnonzero(removed)
        residuals = np.linalg.solve(self.inverse[np.ix_(rows, rows)], self.coefficients[rows])
        levels = self.groups.T @ self.coefficients - (self.groups.T @ self.inverse[:, rows]) @ residuals
        found: Floats = self.targets[rows] - residuals - self.groups[rows] @ levels
        return found
