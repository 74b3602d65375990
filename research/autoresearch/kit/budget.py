"""How much a training may use: seconds, tokens or floating-point operations, whichever it was given."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

from espalier.errors import UserError

T = TypeVar("T")
UNITS = ("seconds", "tokens", "flops")


class Budget:
    """An amount of one unit, spent step by step. UserError where it is no amount.

        budget.start()
        while not budget.done:
            ...                                  # one step, its rate a function of budget.progress
            budget.spend(tokens=..., flops=...)  # once the step is over

    It is done where another step like the last one would go past it, so that a training that keeps to it never does,
    but for a first step that is more than all of it. Seconds are those of a clock that nobody can set.
    """

    def __init__(self, amount: float, unit: str = "seconds", *, clock: Callable[[], float] = time.monotonic) -> None:
        if unit not in UNITS:
            raise UserError(f"--budget_in {unit}: a budget is in {', '.join(UNITS)}")
        if not (math.isfinite(amount) and amount > 0):
            raise UserError(f"--budget {amount:g}: wants a number of {unit} above 0")
        self.amount, self.unit, self._clock = amount, unit, clock
        self.tokens = 0
        """Spent so far."""
        self.flops = 0.0
        """Spent so far."""
        self.steps = 0
        """Taken so far."""
        self.seconds = 0.0
        """From the start to the end of the last step."""
        self._began: float | None = None
        self._last = 0.0

    def start(self) -> None:
        """From now on seconds count: call it when all is imported and built."""
        self._began = self._clock()

    def spend(self, *, tokens: int, flops: float = 0.0) -> None:
        """Note a step that is over. Where the budget is in flops, they have to be said."""
        before = self._spent()
        self.seconds = self._elapsed()
        self.tokens += tokens
        self.flops += flops
        self.steps += 1
        self._last = self._spent() - before
        if self._last <= 0 and self.unit != "seconds":
            raise ValueError(f"the budget is in {self.unit}, and a step spent none")

    @property
    def done(self) -> bool:
        """Whether no further step fits."""
        left = self.amount - (self._elapsed() if self.unit == "seconds" else self._spent())
        return left <= 0 or (self.steps > 0 and left < self._last)

    @property
    def progress(self) -> float:
        """The part of it that is spent, in [0, 1]: what a schedule goes by."""
        return min(1.0, (self._elapsed() if self.unit == "seconds" else self._spent()) / self.amount)

    def _spent(self) -> float:
        return {"seconds": self.seconds, "tokens": float(self.tokens), "flops": self.flops}[self.unit]

    def _elapsed(self) -> float:
        if self._began is None:
            raise ValueError("the budget was never started")
        return self._clock() - self._began


def flops_of(work: Callable[[], T]) -> tuple[T, float]:
    """What `work()` returns, and the floating-point operations of its matrix products and attentions.

    Counted as torch counts them, so that no training says by a formula of its own what a step costs.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        result = work()
    return result, float(counter.get_total_flops())
