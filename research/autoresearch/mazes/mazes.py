"""Mazes: how they are drawn, how they look, and what a route is worth.

A maze of size 21 has 10 x 10 cells, two pixels apart, and walls between them: passages are white, walls black, the
start is red, the goal green. It is perfect (one route between any two cells), grown by a randomised depth-first search
from a cell drawn by chance: from where it stands it goes on to a cell drawn among its neighbours that it has not met,
and steps back where there is none.

What wins without looking far must not win, so start and goal are drawn against it. The start is a cell with three or
four ways to go, drawn among all such; then which of its ways is right, each as likely; then the goal, among all cells
behind that way that lie `SHORTEST` to `longest(size)` moves away, no further than a second way goes on as well, and
that give the right way the rank drawn for this maze, each as likely, among the start's ways in the order of how
straight each leads towards the goal. Where there is no such cell, all but the rank is drawn again.
`controls.py` says what is won nevertheless by those that do not find the route.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

UP, RIGHT, DOWN, LEFT, ARRIVED = range(5)
STEPS = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])
"""Rows and columns by which each move goes from cell to cell."""
SHORTEST = 4
SMALLEST = 9
_TOGETHER = 512
"""Mazes that grow side by side."""
_STARTS = 3
"""Draws of start and goal in a maze before another is grown."""


@dataclass(frozen=True, kw_only=True)
class Mazes:
    """Some mazes of one size."""

    pixels: NDArray[np.uint8]
    """(number, size, size, 3), 0 to 255."""
    routes: NDArray[np.int64]
    """(number, longest(size)): the moves of the route, then `ARRIVED`."""

    def __len__(self) -> int:
        return len(self.routes)

    def __getitem__(self, chosen: slice) -> "Mazes":
        return Mazes(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})

    @property
    def images(self) -> NDArray[np.float32]:
        """The pixels as a model is shown them: (number, size, size, 3), 0 to 1."""
        return np.divide(self.pixels, 255, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Score:
    """Of given routes."""

    first_step: float
    """Share whose first move is right."""
    whole_route: float
    """Share of which all moves are, and that arrive when they should."""

    @property
    def val_bpb(self) -> float:
        """What an experiment lowers: the share of wrong first moves."""
        return 1 - self.first_step


def longest(size: int) -> int:
    """Moves of the longest route in mazes of a size: twice as many as cells in a row."""
    return size - 1


def draw(number: int, size: int, seed: int | Sequence[int]) -> Mazes:
    """So many mazes of a size, the same for the same seed."""
    return next(stream(number, size, seed))


def stream(number: int, size: int, seed: int | Sequence[int]) -> Iterator[Mazes]:
    """Mazes of a size without end, so many at a time; any number at a time gives the same ones for the same seed.

    ValueError where the size is even or below `SMALLEST`.
    """
    if size < SMALLEST or size % 2 == 0:
        raise ValueError(f"a maze of size {size}: sizes are odd, and {SMALLEST} at least")
    chance = np.random.default_rng(seed)
    waiting = Mazes(pixels=np.zeros((0, size, size, 3), np.uint8), routes=np.zeros((0, longest(size)), np.int64))
    while True:
        drawn = [waiting]
        while sum(map(len, drawn)) < number:
            drawn.append(_some(size, chance))
        waiting = _joined(drawn)
        yield waiting[:number]
        waiting = waiting[number:]


def score(routes: NDArray[Any], mazes: Mazes) -> Score:
    """What `routes` are worth, moves (number, at least one); those after the last given count as `ARRIVED`.

    ValueError where they are not whole numbers from 0 to 4, one row for each maze.
    """
    wanted = mazes.routes.shape
    if routes.ndim != 2 or routes.shape[0] != wanted[0] or not 1 <= routes.shape[1] <= wanted[1]:
        raise ValueError(f"routes of shape {routes.shape}: wanted {wanted}")
    if not np.issubdtype(routes.dtype, np.integer) or routes.min() < UP or routes.max() > ARRIVED:
        raise ValueError(f"routes hold something else than the moves {UP} to {ARRIVED}")
    told = np.full(wanted, ARRIVED)
    told[:, : routes.shape[1]] = routes
    right = told == mazes.routes
    return Score(first_step=float(right[:, 0].mean()), whole_route=float(right.all(axis=1).mean()))


def write_mazes(path: Path, of_sizes: dict[int, Mazes]) -> None:
    """Write mazes to a file of safetensors, by size."""
    from safetensors.numpy import save_file

    tensors = {
        f"{size}.{each.name}": np.ascontiguousarray(getattr(mazes, each.name))
        for size, mazes in of_sizes.items()
        for each in fields(mazes)
    }
    save_file(tensors, path)


def read_mazes(path: Path) -> dict[int, Mazes]:
    """The mazes in such a file, by size."""
    from safetensors.numpy import load_file

    tensors = load_file(path)
    sizes = sorted({int(name.partition(".")[0]) for name in tensors})
    return {size: Mazes(**{each.name: tensors[f"{size}.{each.name}"] for each in fields(Mazes)}) for size in sizes}


def _joined(parts: list[Mazes]) -> Mazes:
    return Mazes(**{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Mazes)})


def _some(size: int, chance: np.random.Generator) -> Mazes:
    """As many mazes as grow side by side, each drawn again until start and goal have what was drawn for them."""
    pixels = np.zeros((_TOGETHER, size, size, 3), np.uint8)
    routes = np.full((_TOGETHER, longest(size)), ARRIVED)
    rank = chance.random(_TOGETHER)
    missing = np.arange(_TOGETHER)
    while len(missing):
        ways = _grown(len(missing), size // 2, chance)
        without = np.arange(len(missing))
        for _ in range(_STARTS):
            places = missing[without]
            placed, pixels_of, routes_of = _placed(ways[without], rank[places], chance)
            pixels[places[placed]], routes[places[placed]] = pixels_of, routes_of
            without = without[~placed]
        missing = missing[without]
    return Mazes(pixels=pixels, routes=routes)


def _placed(
    ways: NDArray[np.bool_], rank: NDArray[np.float64], chance: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.uint8], NDArray[np.int64]]:
    """Whether start and goal could be drawn in each maze, at this rank (a share of the start's ways); pixels and routes
    of those where they could."""
    number, cells = len(ways), math.isqrt(ways.shape[1]) - 2
    start = _one_of(ways.sum(axis=2) >= 3, chance)
    of_start = ways[np.arange(number), start]
    right = _one_of(of_start, chance)
    distance, first, came_by = _spread(ways, start, cells)
    reach = np.sort([(distance * (first == move)).max(axis=1) for move in range(4)], axis=0)[-2]

    here = np.stack(np.divmod(np.arange(ways.shape[1]), cells + 2), axis=1)
    straight = (here[None] - here[start][:, None]) @ STEPS.T + chance.random((number, 1, 4)) / 2
    straighter = (straight > np.take_along_axis(straight, right[:, None, None], axis=2)) & of_start[:, None]
    at_rank = straighter.sum(axis=2) == (rank * of_start.sum(axis=1)).astype(int)[:, None]
    fits = at_rank & (first == right[:, None]) & (distance >= SHORTEST) & (distance <= reach[:, None])
    placed = fits.any(axis=1) & (of_start.sum(axis=1) >= 3)
    ways, start, distance, came_by = ways[placed], start[placed], distance[placed], came_by[placed]
    goal = _one_of(fits[placed], chance)

    routes = np.full((len(ways), 2 * cells), ARRIVED)
    cell = goal.copy()
    for _ in range(2 * cells):
        maze = np.flatnonzero(cell != start)
        move = came_by[maze, cell[maze]]
        routes[maze, distance[maze, cell[maze]] - 1] = move
        cell[maze] -= _offsets(cells)[move]
    return placed, _painted(ways, start, goal, cells), routes


def _one_of(true: NDArray[np.bool_], chance: np.random.Generator) -> NDArray[np.int64]:
    """Of each row, the place of one that is true, each as likely; 0 where none is."""
    chosen: NDArray[np.int64] = (chance.random(true.shape, dtype=np.float32) * true).argmax(axis=1)
    return chosen


def _offsets(cells: int) -> NDArray[np.int64]:
    """By how much each move changes a cell's place among all, which lie with a border of one around them."""
    offsets: NDArray[np.int64] = STEPS @ np.array([cells + 2, 1])
    return offsets


def _grown(number: int, cells: int, chance: np.random.Generator) -> NDArray[np.bool_]:
    """(number, places, 4): by which moves each cell can be left, in mazes of cells x cells with a border around.

    All grow in step: each meets every cell once and steps back from every one but the first.
    """
    offsets, rows = _offsets(cells), np.arange(number)
    met = np.ones((cells + 2, cells + 2), bool)
    met[1:-1, 1:-1] = False
    inner = np.flatnonzero(~met)
    met = np.repeat(met.reshape(1, -1), number, axis=0)
    ways = np.zeros((number, met.shape[1], 4), bool)
    behind = np.zeros((number, cells * cells + 1), np.int64)
    cell, depth = inner[chance.integers(len(inner), size=number)], np.zeros(number, np.int64)
    met[rows, cell] = True
    for _ in range(2 * (cells * cells - 1)):
        free = ~met[rows[:, None], cell[:, None] + offsets]
        on = free.any(axis=1)
        move = _one_of(free, chance)
        behind[rows, depth] = cell
        fresh = cell + offsets[move]
        going = np.flatnonzero(on)
        ways[going, cell[going], move[going]] = True
        ways[going, fresh[going], (move[going] + 2) % 4] = True
        depth += np.where(on, 1, -1)
        cell = np.where(on, fresh, behind[rows, np.maximum(depth, 0)])
        met[rows, cell] = True
    return ways


def _spread(
    ways: NDArray[np.bool_], start: NDArray[np.int64], cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of each place, as far as the longest route goes: how many moves it is from the start, the first of them, and the
    last; -1 where it is further."""
    number, places, _ = ways.shape
    distance, first, came_by = (np.full((number, places), -1) for _ in range(3))
    rows, here = np.arange(number), start
    distance[rows, here] = 0
    for moves in range(1, 2 * cells + 1):
        of, move = np.nonzero(ways[rows, here])
        there = here[of] + _offsets(cells)[move]
        fresh = distance[rows[of], there] < 0
        maze, behind, there, move = rows[of][fresh], here[of][fresh], there[fresh], move[fresh]
        distance[maze, there] = moves
        came_by[maze, there] = move
        first[maze, there] = move if moves == 1 else first[maze, behind]
        rows, here = maze, there
    return distance, first, came_by


def _painted(
    ways: NDArray[np.bool_], start: NDArray[np.int64], goal: NDArray[np.int64], cells: int
) -> NDArray[np.uint8]:
    number, size = len(ways), 2 * cells + 1
    inner = ways.reshape(number, cells + 2, cells + 2, 4)[:, 1:-1, 1:-1]
    pixels = np.zeros((number, size, size, 3), np.uint8)
    pixels[:, 1::2, 1::2] = 255
    pixels[:, 1::2, 2:-1:2] = inner[:, :, :-1, RIGHT, None] * np.uint8(255)
    pixels[:, 2:-1:2, 1::2] = inner[:, :-1, :, DOWN, None] * np.uint8(255)
    for place, colour in ((start, (255, 0, 0)), (goal, (0, 255, 0))):
        row, column = np.divmod(place, cells + 2)
        pixels[np.arange(number), 2 * row - 1, 2 * column - 1] = colour
    return pixels
