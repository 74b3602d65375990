"""A mean over seeds with its interval."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.comparison.over_seeds import interval


def test_a_mean_over_seeds_has_the_interval_of_students_t() -> None:
    low, high, p = interval(np.array([0.1, 0.2, 0.3]))
    assert (low, high) == (pytest.approx(-0.0484, abs=1e-3), pytest.approx(0.4484, abs=1e-3))
    assert p == pytest.approx(0.0742, abs=1e-3)
    assert interval(np.array([0.1]))[2] == 1.0 and np.isinf(interval(np.array([0.1, np.nan]))[1])
    assert interval(np.array([0.0, 0.0]))[2] == 1.0
    assert interval(np.array([1.0, 1.0, 1.0])) == (-np.inf, np.inf, 0.25)
