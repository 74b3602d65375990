"""What share of first moves is right by rules that do not find the route: what a model's figure is to be held against.

Each rule is told the pixels and guesses a first move. The table of looks is the most that one look can say: it has
learned from other mazes, for each set of ways at the start and each place of the goal as seen from there, which way is
right most often. The ways with most cells behind them, and that go on the longest, are seen by looking far, though not
for the goal.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.autoresearch.mazes.mazes import STEPS, Mazes, draw

Moves = NDArray[np.int64]


def controls(mazes: Mazes, *, learned_from: int = 50_000, seed: int = 0) -> dict[str, float]:
    """The share of first moves that each rule has right, by its name, largest first; the table of looks has
    `learned_from` so many others."""
    chance = np.random.default_rng(seed)
    size = mazes.pixels.shape[1]
    start, goal, ways = _look(mazes)
    rules: dict[str, Callable[[], Moves]] = {
        "one move for all": lambda: np.full(len(mazes), np.bincount(mazes.routes[:, 0], minlength=4).argmax()),
        "any way": lambda: (ways * chance.random(ways.shape)).argmax(axis=1),
        "towards the goal": lambda: _towards(start, goal, ways, chance),
        "wall to the right": lambda: ways.argmax(axis=1),
        "table of looks": lambda: _table_of_looks(draw(learned_from, size, seed + 1), mazes, chance),
        "most cells": lambda: _behind(mazes, start, chance)[0],
        "deepest": lambda: _behind(mazes, start, chance)[1],
    }
    found = {name: float((rule() == mazes.routes[:, 0]).mean()) for name, rule in rules.items()}
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def _look(mazes: Mazes) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """Of each maze, the pixel of start and goal, (number, 2), and by which moves the start can be left, (number, 4)."""
    start, goal = (np.argwhere((mazes.pixels == colour).all(axis=3))[:, 1:] for colour in ((255, 0, 0), (0, 255, 0)))
    doors = start[:, None] + STEPS
    ways: NDArray[np.bool_] = mazes.pixels[np.arange(len(mazes))[:, None], doors[..., 0], doors[..., 1]].any(axis=2)
    return start, goal, ways


def _towards(start: NDArray[Any], goal: NDArray[Any], ways: NDArray[np.bool_], chance: np.random.Generator) -> Moves:
    straight = (goal - start) @ STEPS.T + chance.random(ways.shape) / 2
    moves: Moves = np.where(ways, straight, -np.inf).argmax(axis=1)
    return moves


def _table_of_looks(taught: Mazes, asked: Mazes, chance: np.random.Generator) -> Moves:
    size = asked.pixels.shape[1]
    table = np.zeros((16, 2 * size, 2 * size, 4))

    def place(mazes: Mazes) -> tuple[NDArray[Any], ...]:
        start, goal, ways = _look(mazes)
        return ways @ (1 << np.arange(4)), *(goal - start + size).T

    np.add.at(table, (*place(taught), taught.routes[:, 0]), 1)
    _, _, ways = _look(asked)
    moves: Moves = (table[place(asked)] + ways * chance.random(ways.shape) / 2).argmax(axis=1)
    return moves


def _behind(mazes: Mazes, start: NDArray[Any], chance: np.random.Generator) -> tuple[Moves, Moves]:
    """The way with the most pixels behind it, and that which goes on the longest before it ends."""
    walls: NDArray[np.bool_] = (mazes.pixels == 0).all(axis=3)
    rows = np.arange(len(mazes))
    counts, depths = np.zeros((2, len(mazes), 4))
    for move, step in enumerate(STEPS):
        met = walls.copy()
        met[rows, start[:, 0], start[:, 1]] = True
        edge = np.zeros_like(met)
        door = start + step
        edge[rows, door[:, 0], door[:, 1]] = True
        edge &= ~met
        while edge.any():
            met |= edge
            counts[:, move] += edge.sum(axis=(1, 2))
            depths[:, move] += edge.any(axis=(1, 2))
            # Nothing goes round: the border is wall.
            beside = np.zeros_like(edge)
            beside[:, 1:] |= edge[:, :-1]
            beside[:, :-1] |= edge[:, 1:]
            beside[:, :, 1:] |= edge[:, :, :-1]
            beside[:, :, :-1] |= edge[:, :, 1:]
            edge = beside & ~met
    return tuple((each + chance.random(each.shape) / 2).argmax(axis=1) for each in (counts, depths))
