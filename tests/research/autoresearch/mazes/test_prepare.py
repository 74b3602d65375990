"""The held-out mazes are made once, sealed, and cannot be drawn again."""

from pathlib import Path

import pytest

from espalier.artifacts.records import read_manifest
from espalier.errors import UserError
from research.autoresearch.mazes.mazes import read_mazes
from research.autoresearch.mazes.prepare import main

SMALL = ["--sizes", "[9]", "--mazes", "2", "--publish", "false"]


def test_mazes_of_each_size_are_kept_secret_twice(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = [*SMALL, "--sizes", "[9, 11]"]
    assert main(both) == 0
    folder = workspace / "corpora" / "autoresearch-mazes"
    val, second = (read_mazes(folder / "secret" / f"{name}.safetensors") for name in ("val", "second"))
    assert list(val) == list(second) == [9, 11] and len(val[9]) == len(second[11]) == 2
    assert not (val[9].pixels == second[9].pixels).all()
    assert list((folder / "given").iterdir()) == []
    manifest = read_manifest(folder)
    assert manifest is not None and manifest["config"]["seed"] is None, "nobody is told the seed"
    assert set(manifest["counts"]["right_first_moves"]) == {"9", "11"}
    said = capsys.readouterr().out
    assert "towards the goal" in said and "table of looks" in said
    assert main(both) == 0 and "already complete" in capsys.readouterr().out
    with pytest.raises(UserError, match="begun otherwise"):
        main([*both, "--mazes", "7"])


def test_no_two_preparations_are_alike_but_for_a_seed(workspace: Path) -> None:
    for name, more in (("a", []), ("b", []), ("c", ["--seed", "3"]), ("d", ["--seed", "3"])):
        main([*SMALL, "--name", name, *more])
    a, b, c, d = ((workspace / "corpora" / name / "secret" / "val.safetensors").read_bytes() for name in "abcd")
    assert a != b and c == d


@pytest.mark.parametrize("sizes", ["[10]", "[7]", "[]"])
def test_sizes_that_no_maze_has(sizes: str) -> None:
    with pytest.raises(UserError, match="sizes"):
        main(["--sizes", sizes, "--publish", "false"])
