"""Routes through held-out mazes: pixels go in, routes come out, and are held outside against those that are right.

A training could go on where its model is loaded. So it is asked for a few mazes again, alone, and held to little work:
what it knows has to be in its checkpoint.

A file could hold a program that finds routes instead of a model that has learned to. So the same file is asked again
with a checkpoint in which the numbers of each tensor have changed places: what it still knows it has not learned. That
finds a program as it comes; one that looks first whether its numbers stand where it left them is not found by it.
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

FEW, OTHERWISE = 16, 1
"""Mazes that are asked for again, and how many of them may have another route: one of two that are as likely."""
_DEARER = 1.5
"""What a maze costs among few, beside what it costs among all."""


def score_mazes(asker: Asker, path: Path, chance: random.Random) -> dict[str, Any]:
    """`val_bpb` and `route_accuracy` on the largest mazes of a file. Named where routes are none, or not learned."""
    size, mazes = max(read_mazes(path).items())
    routes = _routes(asker, mazes, size)
    found = score(routes, mazes)
    _check_few(asker, mazes, size, routes, chance)
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


def _check_few(asker: Asker, mazes: Mazes, size: int, routes: NDArray[np.int64], chance: random.Random) -> None:
    """Named where some mazes, drawn secretly and asked for alone, have other routes than among all."""
    drawn = sorted(chance.sample(range(len(mazes)), min(FEW, len(mazes))))
    few = Mazes(pixels=mazes.pixels[drawn], routes=mazes.routes[drawn])
    again = _routes(asker, few, size, share=_DEARER * len(few) / len(mazes))
    differing = int((again != routes[drawn]).any(axis=1).sum())
    if differing > OTHERWISE:
        raise Named("answers otherwise where few are asked for", f"{differing} of {len(few)} routes")


def _routes(asker: Asker, mazes: Mazes, size: int, share: float | None = None) -> NDArray[np.int64]:
    """(number, longest(size)): what comes after the last move given is `ARRIVED`."""
    images = np.ascontiguousarray(mazes.images, dtype="<f4")
    with asker.ask("routes", images.tobytes(), share=share, shape=list(images.shape)) as (said, answers):
        given = numbers(answers, _shape(said, len(mazes), longest(size)), "<i8")
        routes = np.full((len(mazes), longest(size)), ARRIVED)
        routes[:, : given.shape[1]] = given
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
