"""Observers: what looks at a run after every step and may stop it. Watching changes nothing that is trained."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


class Action(enum.IntEnum):
    """What an observer wants; of several, the highest counts."""

    CONTINUE = 0
    CHECKPOINT = 1
    PAUSE = 2
    STOP = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an observer wants, and why, in words for the user."""

    action: Action = Action.CONTINUE
    reason: str = ""
    who: Literal["run", "operator"] = "run"


CONTINUE = Verdict()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What an observer is shown after a step, and once before the first: the figures are NaN then."""

    number: int
    """Steps done, this one included; 0 before the first."""
    last: bool
    """Whether training ends here."""
    model: Any
    """The model, to be left as it was found."""
    loss: float
    """The step's loss in nats per trained token."""
    grad_norm: float
    """Norm of the gradient before it was clipped."""
    lr: float
    """The learning rate it was taken with."""
    tokens: int
    """Tokens read in all steps so far, padding not counted."""
    facts: Mapping[str, float]
    """What the objective said of the step."""


Observer = Callable[[Step], Verdict]
"""Called after every step. It may write to its run; it draws from generators of its own, so that a watched run ends in
the same weights as an unwatched one."""


def ask(observers: Sequence[Observer], step: Step) -> Verdict:
    """The strongest of their verdicts; where several are as strong, with all their reasons."""
    verdicts = [observer(step) for observer in observers]
    action = max((verdict.action for verdict in verdicts), default=Action.CONTINUE)
    reasons = [verdict.reason for verdict in verdicts if verdict.action == action and verdict.reason]
    return Verdict(action, "; ".join(reasons))
