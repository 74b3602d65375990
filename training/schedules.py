"""Learning-rate schedules: pure functions of the step, so that a resumed run needs no scheduler state.

To add one, write its curve under `@schedule`; `schedule.kind` then takes its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from espalier.command_line.config import Config

Curve = Callable[[int, int, "ScheduleSettings"], float]
_CURVES: dict[str, Curve] = {}


def schedule(curve: Curve) -> Curve:
    """Register a curve (step, steps, settings) -> share in 0..1 of the way from `final` to the peak, after warm-up."""
    _CURVES[curve.__name__] = curve
    return curve


@schedule
def wsd(step: int, steps: int, settings: ScheduleSettings) -> float:
    """Warm-up–stable–decay (Hu et al. 2024, arXiv:2404.06395), with linear decay (Hägele et al., arXiv:2405.18392)."""
    decay = max(1, round(steps * settings.decay_fraction))
    return min(1.0, (steps - step) / decay)


@schedule
def cosine(step: int, steps: int, settings: ScheduleSettings) -> float:
    """Half a cosine down (Loshchilov & Hutter 2016, arXiv:1608.03983)."""
    return (1 + math.cos(math.pi * min(1.0, _done(step, steps, settings)))) / 2


@schedule
def linear(step: int, steps: int, settings: ScheduleSettings) -> float:
    """A straight line down."""
    return max(0.0, 1 - _done(step, steps, settings))


@schedule
def constant(step: int, steps: int, settings: ScheduleSettings) -> float:
    """The peak to the end."""
    return 1.0


def _done(step: int, steps: int, settings: ScheduleSettings) -> float:
    return (step - settings.warmup) / max(1, steps - settings.warmup)


if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(_CURVES)]


class ScheduleSettings(Config):
    """The learning rate over the steps, as a share of its peak."""

    kind: Kind = "wsd"
    """Warm-up–stable–decay (wsd), or warm-up followed by one curve down: cosine, linear, or none (constant)."""
    warmup: int = Field(100, ge=0)
    """Steps of linear warm-up."""
    decay_fraction: float = Field(0.4, gt=0, le=1)
    """Share of all steps over which wsd decays linearly at the end."""
    final: float = Field(0.0, ge=0, le=1)
    """The share of the peak reached at the last step."""


def lr_factor(step: int, steps: int, settings: ScheduleSettings) -> float:
    """The learning rate of step `step` (0-based) of `steps`, as a share of its peak."""
    if step < settings.warmup:
        return (step + 1) / (settings.warmup + 1)
    remaining = _CURVES[settings.kind](step, steps, settings)
    return settings.final + (1 - settings.final) * remaining
