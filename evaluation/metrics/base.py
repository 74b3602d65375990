"""What a metric is: a pure function of (case, reply) that declares its range and its direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from evaluation.cases import Case, Reply

Score = Callable[[Case, Reply], float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A named score of one reply. Calling it gives a number in its range, or None where it does not apply."""

    name: str
    """As written in suites and records."""
    label: str
    """What it counts, in a reader's words."""
    description: str
    """How it is decided: the first line of the function's docstring."""
    low: float
    """Least possible score."""
    high: float
    """Greatest possible score."""
    better: Literal["higher", "lower", "neither"]
    """Which direction is better; `neither` where it only describes."""
    score: Score
    """The function itself."""

    def __call__(self, case: Case, reply: Reply) -> float | None:
        value = self.score(case, reply)
        if value is not None and not self.low <= value <= self.high:
            raise ValueError(f"metric {self.name} gave {value}, outside {self.low}..{self.high}, on case {case.name}")
        return None if value is None else float(value)


def metric(
    label: str, *, low: float = 0.0, high: float = 1.0, better: Literal["higher", "lower", "neither"] = "higher"
) -> Callable[[Score], Metric]:
    """Makes a metric of a function: its name is the function's, its description the first line of the docstring."""

    def make(score: Score) -> Metric:
        description = (score.__doc__ or "").strip().partition("\n")[0]
        if not description:
            raise ValueError(f"metric {score.__name__} needs a docstring")
        return Metric(
            name=score.__name__, label=label, description=description, low=low, high=high, better=better, score=score
        )

    return make
