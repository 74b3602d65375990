"""Mazes are perfect, their routes lead from start to goal, and no look at the start tells the way."""

from pathlib import Path

import numpy as np
import pytest

from research.autoresearch.mazes.controls import controls
from research.autoresearch.mazes.mazes import (
    ARRIVED,
    SHORTEST,
    STEPS,
    Mazes,
    draw,
    longest,
    read_mazes,
    score,
    stream,
    write_mazes,
)

RED, GREEN, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (255, 255, 255), (0, 0, 0)


def places(pixels: np.ndarray, colour: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [tuple(map(int, place)) for place in np.argwhere((pixels == colour).all(axis=2))]


def reached(passages: set[tuple[int, ...]], start: tuple[int, ...]) -> set[tuple[int, ...]]:
    met, waiting = {start}, [start]
    while waiting:
        row, column = waiting.pop()
        fresh = {(row + down, column + right) for down, right in STEPS.tolist()} & passages - met
        met |= fresh
        waiting += fresh
    return met


@pytest.mark.parametrize("size", [9, 13, 21])
def test_a_maze_is_perfect(size: int) -> None:
    cells = size // 2
    for pixels in draw(40, size, 1).pixels:
        assert pixels.shape == (size, size, 3)
        passages = {place for colour in (RED, GREEN, WHITE) for place in places(pixels, colour)}
        assert len(passages) + len(places(pixels, BLACK)) == size * size, "and no other colour"
        assert len(passages) == cells**2 + (cells**2 - 1), "as many ways as a tree has"
        assert reached(passages, min(passages)) == passages
        assert all((row % 2 or column % 2) and 0 < row < size - 1 and 0 < column < size - 1 for row, column in passages)


@pytest.mark.parametrize("size", [9, 21])
def test_a_route_leads_from_the_start_to_the_goal(size: int) -> None:
    mazes = draw(100, size, 2)
    for pixels, route in zip(mazes.pixels, mazes.routes, strict=True):
        [start], [goal] = places(pixels, RED), places(pixels, GREEN)
        ways = sum(bool(pixels[start[0] + down, start[1] + right].any()) for down, right in STEPS)
        assert ways >= 3, "no wall at the start tells the way"
        here, met = np.array(start), {start}
        moves = [int(move) for move in route if move != ARRIVED]
        assert SHORTEST <= len(moves) <= longest(size) == len(route)
        assert (route[len(moves) :] == ARRIVED).all()
        for move in moves:
            assert pixels[tuple(here + STEPS[move])].any(), "through no wall"
            here = here + 2 * STEPS[move]
            met.add(tuple(map(int, here)))
        assert tuple(here) == goal and len(met) == len(moves) + 1


def test_a_seed_decides_what_is_drawn_and_how_many_at_a_time_does_not() -> None:
    whole = draw(600, 9, 3)
    parts = stream(150, 9, 3)
    for place in range(4):
        part = next(parts)
        assert (part.pixels == whole.pixels[150 * place :][:150]).all()
        assert (part.routes == whole.routes[150 * place :][:150]).all()
    assert not (draw(600, 9, 4).pixels == whole.pixels).all()
    assert len({pixels.tobytes() for pixels in whole.pixels[:, :, :, 2]}) > 500, "walls differ"


@pytest.mark.parametrize("size", [-1, 7, 20])
def test_a_size_that_no_maze_has(size: int) -> None:
    with pytest.raises(ValueError, match="sizes are odd, and 9 at least"):
        draw(1, size, 0)


def test_rules_that_do_not_find_the_route_are_seldom_right() -> None:
    mazes = draw(1024, 21, 5)
    found = controls(mazes, learned_from=1024)
    assert found["one move for all"] < 0.29 and found["any way"] < 0.37 and found["wall to the right"] < 0.37
    assert found["towards the goal"] < 0.39, "straight ahead is right no more often than any way"
    assert max(found.values()) < 0.55
    moves = (mazes.routes != ARRIVED).sum(axis=1)
    assert np.bincount(moves, minlength=21)[SHORTEST:].min() > 0.02 * len(mazes), "routes of all lengths"


def by_hand(*rows: str) -> np.ndarray:
    colours = {"#": BLACK, " ": WHITE, "S": RED, "G": GREEN}
    return np.array([[colours[each] for each in row] for row in rows], np.uint8)


def test_each_control_does_what_it_is_called() -> None:
    pixels = by_hand(
        "#########",
        "#   #   #",
        "### # ###",
        "#  S    #",
        "# #######",
        "#       #",
        "####### #",
        "#      G#",
        "#########",
    )
    seen: dict[str, set[int]] = {}
    for move in range(4):
        route = np.full((1, longest(9)), ARRIVED)
        route[0, 0] = move
        for name, right in controls(Mazes(pixels=pixels[None], routes=route), learned_from=1).items():
            if right:
                seen.setdefault(name, set()).add(move)
    assert seen["wall to the right"] == {0} and seen["towards the goal"] == {1}
    assert seen["most cells"] == {3} and seen["deepest"] == {3}


def test_a_score_counts_first_moves_and_whole_routes() -> None:
    mazes = draw(8, 9, 6)
    assert score(mazes.routes, mazes).first_step == score(mazes.routes, mazes).whole_route == 1
    told = mazes.routes.copy()
    told[0, 0] = (told[0, 0] + 1) % 4
    told[1, 1] = (told[1, 1] + 1) % 4
    told[2, -1] = 0 if told[2, -1] else 1
    found = score(told.astype(np.int32), mazes)
    assert (found.first_step, found.whole_route, found.val_bpb) == (7 / 8, 5 / 8, 1 / 8)
    short = score(mazes.routes[:, :1], mazes)
    assert short.first_step == 1 and short.whole_route == 0
    assert score(np.full_like(mazes.routes, ARRIVED), mazes).first_step == 0


@pytest.mark.parametrize(
    "told",
    [
        np.zeros((7, 8), int), np.zeros((8, 0), int), np.zeros((8, 9), int), np.zeros(8, int), np.zeros((8, 8)),
        np.full((8, 8), 5), np.full((8, 8), -1), np.full((8, 8), True),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_route_is_refused(told: np.ndarray) -> None:
    with pytest.raises(ValueError, match="routes"):
        score(told, draw(8, 9, 6))


def test_mazes_are_read_as_they_were_written(tmp_path: Path) -> None:
    written = {size: draw(3, size, 7) for size in (9, 11)}
    write_mazes(tmp_path / "mazes.safetensors", written)
    found = read_mazes(tmp_path / "mazes.safetensors")
    assert list(found) == [9, 11]
    for size, mazes in found.items():
        assert (mazes.pixels == written[size].pixels).all() and (mazes.routes == written[size].routes).all()
    assert found[9].images.dtype == np.float32 and set(np.unique(found[9].images)) == {0.0, 1.0}
