"""How much a result differs where nothing but the seed does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Of one program run with several seeds."""

    mean: float
    width: float | None
    """The standard deviation of a single run; None where there was only one run, and it is not known."""
    runs: int

    def __str__(self) -> str:
        if self.width is None:
            return f"{self.mean:.6f} in one run, its noise not measured"
        return f"{self.mean:.6f} ± {self.width:.6f} (standard deviation of a run, of {self.runs})"


def noise_of(values: Sequence[float]) -> Noise:
    """The noise of these results of one program. ValueError where there is none."""
    if not values:
        raise ValueError("no run, no noise")
    return Noise(mean=fmean(values), width=stdev(values) if len(values) > 1 else None, runs=len(values))
