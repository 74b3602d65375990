"""What chance could have drawn: clusters with replacement, and which of them change sides.

Made once for all columns of a report, which then take one matrix product each and not one resampling each.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
_CHUNK = 500
"""Resamples at a time, which keeps what is drawn in the processor's cache."""


class Resampling:
    """What chance could have drawn of `num_clusters` clusters: the same for the same seed."""

    def __init__(self, num_clusters: int, *, seed: int, resamples: int = RESAMPLES) -> None:
        self.num_clusters = num_clusters
        self.resamples = resamples
        self._seed = seed

    @cached_property
    def draws(self) -> NDArray[np.uint8]:
        """How often each resample holds each cluster, shape (resamples, clusters) (Efron 1979)."""
        rng = np.random.default_rng(self._seed)
        drawn = np.empty((self.resamples, self.num_clusters), dtype=np.uint8)
        for rows in self._chunks():
            size = (rows.stop - rows.start, self.num_clusters)
            places = rng.integers(0, self.num_clusters, size) + self.num_clusters * np.arange(size[0])[:, None]
            drawn[rows] = np.bincount(places.ravel(), minlength=size[0] * size[1]).reshape(size)
        return drawn

    @cached_property
    def flips(self) -> NDArray[np.uint8]:
        """Whether the two sides change places in each cluster, shape (resamples, clusters), 0 or 1."""
        rng = np.random.default_rng([self._seed, 1])
        size = (self.resamples, -(-self.num_clusters // 8))
        return np.unpackbits(rng.integers(0, 256, size, dtype=np.uint8), axis=1, count=self.num_clusters)

    def shares(self, num_runs: int) -> NDArray[np.float64]:
        """How much each of a side's runs counts in each resample, shape (resamples, runs)."""
        rng = np.random.default_rng([self._seed, 2])
        return rng.multinomial(num_runs, [1 / num_runs] * num_runs, size=self.resamples) / num_runs

    def totals(
        self, weights: NDArray[np.uint8], places: NDArray[np.int64], sums: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """`sums` (shape (clusters, columns), of the clusters at `places`) added up as each resample weights them."""
        found = np.empty((self.resamples, sums.shape[1]))
        for rows in self._chunks():
            found[rows] = weights[rows][:, places].astype(float) @ sums
        return found

    def _chunks(self) -> Iterator[slice]:
        for start in range(0, self.resamples, _CHUNK):
            yield slice(start, min(start + _CHUNK, self.resamples))
