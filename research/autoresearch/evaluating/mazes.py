"""Routes through held-out mazes: pixels go in, routes come out, and are held outside against those that are right.

A file could hold a program that finds routes instead of a model that has learned to. So the same file is asked again
with a checkpoint in which the numbers of each tensor have changed places: what it still knows it has not learned.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.autoresearch.evaluating.asking import Asker, numbers
from research.autoresearch.evaluating.checkpoint import shuffle
from research.autoresearch.mazes.mazes import ARRIVED, UP, Mazes, longest, read_mazes, score
from research.autoresearch.naming import Named

UNLEARNED = 0.65
"""Share of first moves that no rule has right which looks once, nor a model whose numbers have changed places."""


def score_mazes(asker: Asker, path: Path, chance: random.Random) -> dict[str, Any]:
    """`val_bpb` and `route_accuracy` on the largest mazes of a file. Named where routes are none, or not learned."""
    size, mazes = max(read_mazes(path).items())
    found = score(_routes(asker, mazes, size), mazes)
    with asker.with_other_checkpoint() as other:
        shuffle(other.model, chance)
        try:
            unlearned: float | None = score(_routes(other, mazes, size), mazes).first_step
        except Named:  # such a model may well fail
            unlearned = None
    if unlearned is not None and unlearned >= UNLEARNED:
        raise Named("knows routes without having learned", f"{unlearned:.1%} of first moves with shuffled numbers")
    return {
        "val_bpb": found.val_bpb,
        "route_accuracy": found.whole_route,
        "targets": len(mazes),
        "size": size,
        "unlearned": unlearned,
    }


def _routes(asker: Asker, mazes: Mazes, size: int) -> NDArray[np.int64]:
    images = np.ascontiguousarray(mazes.images, dtype="<f4")
    with asker.ask("routes", images.tobytes(), shape=list(images.shape)) as (said, answers):
        routes = np.array(numbers(answers, _shape(said, len(mazes), longest(size)), "<i8"))
    if routes.min() < UP or routes.max() > ARRIVED:
        raise Named("gives moves that are none", f"from {routes.min()} to {routes.max()}")
    return routes


def _shape(said: Mapping[str, Any], number: int, longest_route: int) -> tuple[int, int]:
    shape = said.get("shape")
    if (
        isinstance(shape, list)
        and all(type(each) is int for each in shape)
        and shape[:1] == [number]
        and shape[1:] in [[length] for length in range(1, longest_route + 1)]
    ):
        return number, shape[1]
    raise Named("gives answers of another shape", f"{str(shape)[:80]} for {number} mazes")
