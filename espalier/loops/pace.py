"""How far a loop is, how long what is left will take, and whether its time is up."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import mean

from espalier.command_line.console import duration, say


class TimeIsUp(Exception):
    """No further step is begun."""


class Pace:
    """The steps of a loop as they are done: of each kind the next is taken to last as long as those before."""

    def __init__(
        self,
        kinds: Sequence[str],
        minutes: float | None = None,
        observer: Callable[[str, float], None] = lambda what, seconds: None,
    ) -> None:
        """`kinds` are those of all steps that are expected; no step is begun after so many `minutes`; `observer` is
        told of each step that was done or given up, and how long that took."""
        self._ahead, self._done = Counter(kinds), 0
        self._limit_s = None if minutes is None else 60 * minutes
        self._began, self._observer = time.monotonic(), observer
        self._took: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def step(self, kind: str, what: str) -> Iterator[None]:
        """A step that is done now. TimeIsUp before it where the time is up."""
        spent = time.monotonic() - self._began
        if self._limit_s is not None and spent > self._limit_s:
            raise TimeIsUp
        left = self.left_s()
        rest = "" if left is None else f", about {duration(left)} left"
        total = max(self._done + self._ahead.total(), self._done + 1)
        say(f"\n== {what}: step {self._done + 1} of {total}, {duration(spent)} so far{rest}")
        begun = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - begun
            self._observer(what, took)
        self._took[kind].append(took)
        self.passed(kind)

    def passed(self, kind: str) -> None:
        """A step that was done before."""
        self._ahead[kind] = max(0, self._ahead[kind] - 1)
        self._done += 1

    def left_s(self) -> float | None:
        """Seconds that the steps ahead will take; None before any was timed."""
        if not self._took:
            return None
        usual = mean(mean(times) for times in self._took.values())
        return sum(
            number * (mean(self._took[kind]) if kind in self._took else usual) for kind, number in self._ahead.items()
        )
