"""What a metric is: a pure function of (case, reply), or of (case, dialogue), that declares its range and direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from evaluation.cases.case import Case, Dialogue, Reply

Better = Literal["higher", "lower", "neither"]
Score = Callable[[Case, Reply], float | None]
DialogueScore = Callable[[Case, Dialogue], float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A named figure of a reply that reports have a row for: a metric's score, or a judge's verdict."""

    name: str
    """As written in suites and records."""
    label: str
    """What it counts, in a reader's words."""
    description: str
    """How it is decided, in one sentence."""
    low: float = 0.0
    """Least possible score."""
    high: float = 1.0
    """Greatest possible score; may be infinite."""
    better: Better = "higher"
    """Which direction is better; `neither` where it only describes."""

    @property
    def is_share(self) -> bool:
        """Whether it runs from 0 to 1, so that its mean can be read as a percentage."""
        return (self.low, self.high) == (0, 1)

    def check(self, value: float | None, case: Case) -> float | None:
        """`value` itself. ValueError where it is outside the declared range, or not a number."""
        if value is not None and not self.low <= value <= self.high:
            raise ValueError(f"metric {self.name} gave {value}, outside {self.low}..{self.high}, on case {case.name}")
        return None if value is None else float(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric(Column):
    """A named score of one reply. Calling it gives a number in its range, or None where it does not apply."""

    score: Score
    """The function itself."""

    def __call__(self, case: Case, reply: Reply) -> float | None:
        return self.check(self.score(case, reply), case)


@dataclass(frozen=True, kw_only=True, slots=True)
class DialogueMetric(Column):
    """A named score of a whole dialogue. It is kept with the dialogue's first reply."""

    score: DialogueScore
    """The function itself."""

    def __call__(self, case: Case, dialogue: Dialogue) -> float | None:
        return self.check(self.score(case, dialogue), case)


def metric(label: str, *, low: float = 0.0, high: float = 1.0, better: Better = "higher") -> Callable[[Score], Metric]:
    """Makes a metric of a function: its name is the function's, its description the first line of the docstring."""

    def make(score: Score) -> Metric:
        name, description = _described(score)
        return Metric(name=name, label=label, description=description, low=low, high=high, better=better, score=score)

    return make


def dialogue_metric(
    label: str, *, low: float = 0.0, high: float = 1.0, better: Better = "higher"
) -> Callable[[DialogueScore], DialogueMetric]:
    """The same for a function of a whole dialogue."""

    def make(score: DialogueScore) -> DialogueMetric:
        name, description = _described(score)
        return DialogueMetric(
            name=name, label=label, description=description, low=low, high=high, better=better, score=score
        )

    return make


def _described(score: Callable[..., float | None]) -> tuple[str, str]:
    description = (score.__doc__ or "").strip().partition("\n")[0]
    if not description:
        raise ValueError(f"metric {score.__name__} needs a docstring")
    return score.__name__, description
