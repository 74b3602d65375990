"""What probes found, as it is kept over steps, and in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from training.probing.material import TASKS
from training.probing.probes import Found

ProbePicture = Sequence[Mapping[str, Mapping[str, Any]]]
"""What was found at each layer, by task; layer 0 is what goes into the first."""


def as_picture(found: Sequence[Mapping[str, Found]]) -> list[dict[str, dict[str, Any]]]:
    """By layer and task, rounded, as JSON can hold it: what is not known is None."""
    return [
        {task: {key: _short(value) for key, value in of_it.items()} for task, of_it in each.items()} for each in found
    ]


def _short(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    return round(value, 4) if math.isfinite(value) else None


def best_layer(picture: ProbePicture, task: str) -> int:
    """The first layer whose probe is as selective as any, to two points in a hundred."""
    most = max(layer[task]["selectivity"] for layer in picture)
    return next(place for place, layer in enumerate(picture) if layer[task]["selectivity"] >= most - 0.02)


def tasks_of(pictures: Iterable[ProbePicture]) -> list[str]:
    """The tasks that any of the pictures has, in the order in which they are told."""
    return sorted({task for each in pictures for layer in each for task in layer}, key=list(TASKS).index)


def where(picture: ProbePicture, task: str) -> str:
    """Where a task is read off, in a line: the best layer with its figures, or that it is nowhere."""
    if not picture or task not in picture[0]:
        return "not measured"
    best = best_layer(picture, task)
    of_it = picture[best][task]
    figures = f"{of_it['accuracy']:.2f} of new words, {of_it['control']:.2f} of random labels"
    if not of_it["tells"]:
        return f"nowhere: no better than its control, or than chance ({figures})"
    return f"layer {best} ({figures})"
