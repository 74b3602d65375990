"""Routes are scored outside, and have to have been learned."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from research.autoresearch.evaluating.asking import Asker
from research.autoresearch.evaluating.checkpoint import NAME
from research.autoresearch.evaluating.mazes import score_mazes
from research.autoresearch.mazes.mazes import draw, write_mazes
from research.autoresearch.naming import Named

MAZES = draw(40, 9, 0)


@dataclass(kw_only=True)
class FakeAsker:
    """Gives routes by a function of the checkpoint's one tensor."""

    folder: Path
    model: Path
    routes: Callable[[NDArray[np.float32]], Any]
    said: Mapping[str, Any] | None = None
    among_few: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None
    """What becomes of routes where few are asked for."""

    @contextmanager
    def ask(self, kind: str, inputs: bytes, **request: Any) -> Iterator[tuple[Mapping[str, Any], Path]]:
        number, *shape = request["shape"]
        assert (kind, shape) == ("routes", [9, 9, 3])
        images = np.frombuffer(inputs, "<f4").reshape(number, -1)
        drawn = [int(np.flatnonzero((MAZES.images.reshape(40, -1) == each).all(axis=1))[0]) for each in images]
        assert drawn == list(range(40)) if request["share"] is None else number == 16 and request["share"] == 0.6
        routes = np.asarray(self.routes(load_file(self.model / NAME)["w"]))
        routes = routes[drawn] if routes.shape == MAZES.routes.shape and number < 40 else routes
        if number < 40 and self.among_few is not None:
            routes = self.among_few(routes)
        path = self.folder / "answers.bin"
        routes.astype("<i8").tofile(path)
        yield self.said or {"shape": list(routes.shape)}, path

    @contextmanager
    def with_other_checkpoint(self) -> Iterator[FakeAsker]:
        other = self.folder / "other"
        other.mkdir()
        (other / NAME).write_bytes((self.model / NAME).read_bytes())
        yield FakeAsker(folder=self.folder, model=other, routes=self.routes)


def score(folder: Path, routes: Callable[[NDArray[np.float32]], Any], **more: Any) -> dict[str, Any]:
    save_file({"w": np.arange(50, dtype=np.float32)}, folder / NAME)
    write_mazes(folder / "val.safetensors", {9: MAZES})
    asker = FakeAsker(folder=folder, model=folder, routes=routes, **more)
    return score_mazes(cast(Asker, asker), folder / "val.safetensors", random.Random(0))


def learned(numbers: NDArray[np.float32]) -> NDArray[np.int64]:
    """Right where the numbers are as they were left, but for one whole route and one first move."""
    routes = MAZES.routes.copy() if (np.diff(numbers) > 0).all() else np.full_like(MAZES.routes, 4)
    routes[0, 0] = (routes[0, 0] + 1) % 4
    routes[1, 3] = (routes[1, 3] + 1) % 4
    return np.asarray(routes)


def test_routes_are_scored(tmp_path: Path) -> None:
    found = score(tmp_path, learned)
    assert found["val_bpb"] == pytest.approx(1 / 40) and found["route_accuracy"] == pytest.approx(38 / 40)
    assert (found["targets"], found["size"], found["unlearned"]) == (40, 9, 0.0)


def test_what_is_known_only_where_all_are_asked_is_named(tmp_path: Path) -> None:
    with pytest.raises(Named, match="^answers otherwise where few are asked for: 16 of 16 routes"):
        score(tmp_path, learned, among_few=lambda routes: (routes + 1) % 5)


def test_a_route_that_rounding_decides_is_let_through(tmp_path: Path) -> None:
    def one(routes: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.concatenate([(routes[:1] + 1) % 5, routes[1:]])

    assert score(tmp_path, learned, among_few=one)["val_bpb"] == pytest.approx(1 / 40)


def test_what_was_not_learned_is_named(tmp_path: Path) -> None:
    with pytest.raises(Named, match="^knows routes without having learned: 100.0%"):
        score(tmp_path, lambda numbers: MAZES.routes)


def test_a_model_that_fails_with_other_numbers_has_learned(tmp_path: Path) -> None:
    def routes(numbers: NDArray[np.float32]) -> NDArray[np.int64]:
        return MAZES.routes if (np.diff(numbers) > 0).all() else np.zeros((1, 1), np.int64)

    found = score(tmp_path, routes)
    assert found["val_bpb"] == 0 and found["unlearned"] is None


@pytest.mark.parametrize(
    ("routes", "name"),
    [
        (np.full((40, 8), 5), "gives moves that are none"),
        (np.full((40, 8), -1), "gives moves that are none"),
        (np.zeros((39, 8)), "gives answers of another shape"),
        (np.zeros((40, 0)), "gives answers of another shape"),
        (np.zeros((40, 9)), "gives answers of another shape"),
        (np.zeros((40, 8, 1)), "gives answers of another shape"),
    ],
)
def test_what_is_no_route_is_named(routes: NDArray[Any], name: str, tmp_path: Path) -> None:
    with pytest.raises(Named, match=f"^{name}"):
        score(tmp_path, lambda numbers: routes)


@pytest.mark.parametrize("shape", [None, "x", [40], [40, True], [40, "8"], [40.0, 8], {"a": 1}, [41, 8], [40, 7]])
def test_a_shape_that_is_only_said_is_named(shape: object, tmp_path: Path) -> None:
    with pytest.raises(Named, match="^gives answers of another shape"):
        score(tmp_path, lambda numbers: MAZES.routes, said={"shape": shape})
