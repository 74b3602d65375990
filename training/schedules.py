"""Learning-rate schedules: pure functions of the step, so that a resumed run needs no scheduler state."""

import math

from training.settings import ScheduleSettings


def lr_factor(step: int, steps: int, schedule: ScheduleSettings) -> float:
    """The learning rate of step `step` (0-based) of `steps`, as a share of its peak.

    `wsd` is warm-up–stable–decay (Hu et al. 2024, arXiv:2404.06395); its decay is linear, after Hägele et al. 2024
    (arXiv:2405.18392).
    """
    if step < schedule.warmup:
        return (step + 1) / (schedule.warmup + 1)
    span = max(1, steps - schedule.warmup)
    done = (step - schedule.warmup) / span
    if schedule.kind == "constant":
        return 1.0
    if schedule.kind == "wsd":
        decay = max(1, round(steps * schedule.decay_fraction))
        remaining = min(1.0, (steps - step) / decay)
    elif schedule.kind == "cosine":
        remaining = (1 + math.cos(math.pi * min(1.0, done))) / 2
    else:
        remaining = max(0.0, 1 - done)
    return schedule.final + (1 - schedule.final) * remaining
