"""How sure one can be of a mean over seeds: of paired differences between two ways to train, seed by seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.stats import LEVEL, t_quantile


def interval(gaps: NDArray[np.float64]) -> tuple[float, float, float]:
    """The interval of a mean over seeds (Student's t), and how likely so large a mean is where there is no difference.

    A single seed, or one without a value, tells nothing: then it is infinite, and p is 1. Where all seeds differ by the
    same, they do not tell how much the next would vary: the interval is infinite too, and p is how likely all signs are
    the same by chance.
    """
    from scipy.special import stdtr  # imported in a fourth of the time that scipy.stats takes

    if len(gaps) < 2 or not np.isfinite(gaps).all():
        return -np.inf, np.inf, 1.0
    mean, error = float(gaps.mean()), float(gaps.std(ddof=1) / np.sqrt(len(gaps)))
    if error == 0:
        return -np.inf, np.inf, 1.0 if mean == 0 else 2.0 ** (1 - len(gaps))
    reach = t_quantile((1 + LEVEL) / 2, len(gaps) - 1) * error
    return mean - reach, mean + reach, float(2 * stdtr(len(gaps) - 1, -abs(mean / error)))
