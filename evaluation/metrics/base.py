"""What a score is, and what a metric is: a pure function of (case, reply), or of (case, dialogue), to a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from evaluation.cases.case import Case, Dialogue, Reply

Better = Literal["higher", "lower", "neither"]
LONGEST_WHY = 300
"""Characters of a reason that are kept."""
_LONGEST_QUOTE = 80
_MOST_QUOTES = 5


@dataclass(frozen=True, slots=True)
class Score:
    """What a reply, or a dialogue, comes to by one column, and what in it decided that.

    It is of one reply. A comparison of two, or a rank among several, is no field of it: that wants a record of its own,
    keyed by all replies that it is about.
    """

    value: float | None
    """In the column's range; None where the column does not apply, or a judge abstains."""
    why: str = ""
    """The words found, those missed, a judge's reason: one line of plain text; empty where the value says it all.

    Without a value: why nothing could be said, which is an abstention and is counted; empty where the column does not
    apply."""


DOES_NOT_APPLY = Score(None)
Measure = Callable[[Case, Reply], Score | float | None]
"""What is written under `@metric`. A bare number is a score without a reason, None one that does not apply."""
DialogueMeasure = Callable[[Case, Dialogue], Score | float | None]


def found(words: str, sought: str = "") -> Score:
    """1 for `words` that were found, quoted; 0 for none, with the words that were `sought` where they are known."""
    if words:
        return Score(1.0, quoted(words))
    return Score(0.0, f"no {quoted(sought)}" if sought else "")


def quoted(*texts: str) -> str:
    """The texts in quotes, each shortened, the first few of many."""
    some = [one_line(text, _LONGEST_QUOTE) for text in texts[:_MOST_QUOTES]]
    return ", ".join(f"“{text}”" for text in some) + (" …" if len(texts) > _MOST_QUOTES else "")


def one_line(text: str, most: int = LONGEST_WHY) -> str:
    """A text on one line of at most `most` characters, as UTF-8 can write it."""
    line = " ".join(text.encode("utf-8", "replace").decode().split())  # half a character can be spelt
    return line if len(line) <= most else f"{line[: most - 1]}…"


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
    restraint: bool = False
    """Whether it asks a reply to keep to something that one which says nothing of use may keep to as well."""

    @property
    def restrains(self) -> bool:
        """Whether a good figure is no sign of teaching, but only a bad one of the lack of it."""
        return self.restraint or self.better == "lower"

    @property
    def is_share(self) -> bool:
        """Whether it runs from 0 to 1, so that its mean can be read as a percentage."""
        return (self.low, self.high) == (0, 1)

    def scored(self, given: Score | float | None, case: Case) -> Score:
        """What a function gave, as a score. ValueError where it is outside the declared range, or not a number."""
        score = given if isinstance(given, Score) else Score(given)
        value = score.value
        if value is None:
            return Score(None, one_line(score.why))
        if not self.low <= value <= self.high:
            raise ValueError(f"metric {self.name} gave {value}, outside {self.low}..{self.high}, on case {case.name}")
        return Score(float(value), one_line(score.why))


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured(Column):
    """A column that a function decides. Calling it gives a score whose value is in its range, or None."""

    measure: Callable[..., Score | float | None]
    """The function itself."""


class Metric(Measured):
    """Of one reply."""

    __slots__ = ()

    def __call__(self, case: Case, reply: Reply) -> Score:
        return self.scored(self.measure(case, reply), case)


class DialogueMetric(Measured):
    """Of a whole dialogue. Its score is kept with the dialogue's first reply."""

    __slots__ = ()

    def __call__(self, case: Case, dialogue: Dialogue) -> Score:
        return self.scored(self.measure(case, dialogue), case)


def metric(
    label: str, *, low: float = 0.0, high: float = 1.0, better: Better = "higher", restraint: bool = False
) -> Callable[[Measure], Metric]:
    """Makes a metric of a function: its name is the function's, its description the first line of the docstring."""
    facts: dict[str, Any] = {"label": label, "low": low, "high": high, "better": better, "restraint": restraint}
    return lambda measure: Metric(**_described(measure), **facts)


def dialogue_metric(
    label: str, *, low: float = 0.0, high: float = 1.0, better: Better = "higher"
) -> Callable[[DialogueMeasure], DialogueMetric]:
    """The same for a function of a whole dialogue."""
    return lambda measure: DialogueMetric(**_described(measure), label=label, low=low, high=high, better=better)


def _described(measure: Callable[..., Score | float | None]) -> dict[str, Any]:
    description = (measure.__doc__ or "").strip().partition("\n")[0]
    if not description:
        raise ValueError(f"metric {measure.__name__} needs a docstring")
    return {"name": measure.__name__, "description": description, "measure": measure}
