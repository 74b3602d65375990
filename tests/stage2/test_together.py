"""Several variants by one command: in which order, what one failure stops, and that each is as if trained alone."""

from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts.gates import Gates, write_gates
from espalier.errors import UserError
from stage2 import family, together
from stage2.train import main
from tests.stage1.commands import write_config
from tests.stage2.test_train import QUICK, VARIANT


class Commands:
    """Stands for the commands that are run, which end with the codes that they are told to end with."""

    def __init__(self) -> None:
        self.run: list[str] = []
        self.codes: dict[str, int] = {}

    def __call__(self, script: str, *words: str) -> int:
        self.run.append(" ".join((script, *words)))
        return self.codes.get(Path(words[0]).stem, 0)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    found = Commands()
    monkeypatch.setattr(together, "run_command", found)
    return found


@pytest.fixture
def make(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a variant of the family."""
    folder = workspace / "variants"
    folder.mkdir()
    monkeypatch.setattr(family, "VARIANTS", folder)
    return lambda name, parent, **changes: write_config(folder, VARIANT, name=name, parent=parent, **changes)


def test_parents_before_children_and_a_failure_stops_its_children_alone(
    workspace: Path, make: Any, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, parent in (("a", "c"), ("b", "a"), ("c", "core"), ("d", "core"), ("e", "b")):
        make(name, parent)
    commands.codes = {"c": 1, "a": 2}
    lost = Gates(passed=False, regressed=True, reasons=["lost"], scores={}, changes={})
    write_gates(workspace / "runs" / "c", lost)
    assert main(["--all", "--steps", "3"]) == 2
    assert [Path(line.split()[1]).stem for line in commands.run] == ["c", "a", "d"]
    told = capsys.readouterr().out.splitlines()[-5:]
    assert [line.split(maxsplit=1) for line in told] == [
        ["c", "trained; a gate FAILED, or it REGRESSED"],
        ["a", "FAILED, for the reason given above"],
        ["b", "not tried: a is not there"],
        ["d", "passed"],
        ["e", "not tried: b is not there"],
    ]
    commands.codes = {"c": 1}
    assert main(["--all"]) == 1
    commands.codes = {}
    assert main(["--all"]) == 0
    commands.codes = {"d": 1}
    assert main(["--all"]) == 2, "without a mark 1 is a crash"


def test_a_variant_whose_file_is_wrong_has_failed_and_the_others_are_trained(
    make: Any, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    make("a", "core", suites=[]), make("b", "core"), make("c", "a")
    assert main(["--all"]) == 2
    assert [Path(line.split()[1]).stem for line in commands.run] == ["b"]
    told = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[-3:]]
    assert told[0][0] == "a" and told[0][1].startswith("FAILED: ") and "suites" in told[0][1]
    assert told[1:] == [["b", "passed"], ["c", "not tried: a is not there"]]


def test_who_stops_one_stops_all(make: Any, commands: Commands) -> None:
    make("a", "core"), make("b", "core")
    commands.codes = {"a": 130}
    with pytest.raises(SystemExit, match="130"):
        main(["--all"])
    assert len(commands.run) == 1


def test_a_parent_on_the_command_line_is_for_those_that_branch_off(make: Any, commands: Commands) -> None:
    files = [make("a", "core"), make("b", "a")]
    assert main(["--variant", "b", "a", "--parent", "mine"]) == 0
    assert commands.run == [f"stage2/train.py {files[0]} --parent mine", f"stage2/train.py {files[1]}"]


def test_what_several_need_is_made_once_before_them(workspace: Path, make: Any, commands: Commands) -> None:
    recipe = write_config(workspace, {"name": "toy", "sources": [{"curriculum": {}}]})
    core = write_config(workspace, QUICK)
    files = [make(name, "trunk", recipe=str(recipe), parent_config=str(core)) for name in "ab"]
    assert main(["--all"]) == 0
    assert commands.run == [
        f"stage1/train.py {core}",
        f"data_mix/build.py {recipe}",
        *(f"stage2/train.py {file}" for file in files),
    ]


def test_a_parent_is_trained_as_one_variant_would_train_it(
    workspace: Path, make: Any, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the flags of the command line; and never another one than was named, for all to be refused after it."""
    core = write_config(workspace, QUICK)
    data = workspace / "data"
    data.mkdir()
    for name in "ab":
        make(name, "trunk", parent_config=str(core))
    flags = ["--publish", "false", "--allow_changed_environment", "--data_root", str(data)]
    assert main(["--all", *flags]) == 0
    assert commands.run[0] == f"stage1/train.py {core} --allow_changed_environment --data_root {data} --publish false"
    commands.run.clear()
    with pytest.raises(UserError, match="no complete run 'trnk', and the parent_config here trains 'trunk'"):
        main(["--all", "--parent", "trnk"])
    assert commands.run == []
    make("c", "trnk", parent_config=str(core))
    assert main(["--all"]) == 2
    assert [Path(line.split()[1]).stem for line in commands.run] == [core.stem, "a", "b"]
    assert "trains 'trunk'" in next(line for line in capsys.readouterr().out.splitlines() if line.startswith("c "))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--all"], "variants descend in a circle: a from c from b from a; give one of them another parent"),
        (["--all", "--name", "x"], "--name: names one run"),
        (["--all", "--variant", "a"], "--all names every variant"),
        (["--variant", "a", "d", "--plan"], "are for one variant"),
        (["--variant", "a", "a"], "two variants are called a"),
        (["--variant", "a", "d", "--stesp", "3"], "did you mean --steps?"),
        (["--variant", "a", "d", "--engine", "rya"], "engine"),
    ],
)
def test_what_is_refused(make: Any, commands: Commands, words: list[str], complaint: str) -> None:
    for name, parent in (("a", "c"), ("b", "a"), ("c", "b"), ("d", "core")):
        make(name, parent)
    with pytest.raises(UserError, match=complaint):
        main(words)
    assert commands.run == []
