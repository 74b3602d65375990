"""A variant from end to end, in this process; what a command prints and leaves behind, and what it refuses."""

import re
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.artifacts.gates import Gates, write_gates
from espalier.artifacts.run import saved_config
from espalier.command_line.config import load_file
from espalier.errors import UserError
from espalier.models.loading import info
from stage1.train import main as train_stage1
from stage2 import family, train
from stage2.config import Stage2Config
from stage2.train import main
from tests import tiny
from tests.stage1.commands import TRUNK, make_mix, write_config
from training import origins

QUICK: dict[str, Any] = TRUNK | {"steps": 4, "checkin": {"every": 0}, "heldout": {"every": 0}}
VARIANT: dict[str, Any] = {key: value for key, value in QUICK.items() if key not in ("model", "tokenizer")} | {
    "name": "spanish",
    "rows": "chat",
    "parent": "trunk",
    "adapter": {"r": 2, "train_embeddings": "all"},
    "learner": {"kind": "l2", "first_language": "English", "target_language": "spa"},
    "suites": ["level_fit"],
    "core_suites": ["safety"],
}
COMMANDS = {"stage1/train.py": train_stage1, "stage2/train.py": main}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Commands that a command runs, in this process; no variant is held to anything."""
    run: list[str] = []

    def here(script: str, *words: str) -> int:
        run.append(" ".join((script, *words)))
        return COMMANDS[script](list(words))

    monkeypatch.setattr(origins, "run_command", here)
    monkeypatch.setattr(train, "hold", lambda config, publish: 0)
    return run


@pytest.fixture
def parent(workspace: Path) -> Path:
    """The configuration of a parent, whose mix is there."""
    make_mix(workspace)
    return write_config(workspace, QUICK)


def test_a_variant_and_the_parent_it_needs(workspace: Path, parent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(workspace, VARIANT, parent_config=parent.name)
    assert main(["--variant", str(config)]) == 0
    assert f"parent trunk is not there yet: python stage1/train.py {parent}\n" in capsys.readouterr().out
    run = workspace / "runs" / "spanish"
    assert records.read_json(run / "run.json")["command"] == "stage2/train.py"
    assert records.read_json(run / "run.json")["parents"].keys() == {"mix:toy", "run:trunk"}
    assert saved_config("spanish")["learner"]["target_language"] == "es"
    assert info(run / "final")["base"]["spec"] == "run:trunk"
    assert main([f"--variant={config}", "--suites", "baseline", "--may_lose", "0.1"]) == 0, (
        "what it is held to may change"
    )
    assert "spanish is already complete" in capsys.readouterr().out
    assert main(["--resume", "spanish"]) == 0
    with pytest.raises(UserError, match="exists with another config"):
        main(["--variant", str(config), "--steps", "5"])


def test_a_variant_of_a_variant(workspace: Path, parent: Path, in_this_process: list[str]) -> None:
    older = write_config(workspace, VARIANT, name="older", parent_config=parent.name)
    config = write_config(workspace, VARIANT, parent="older", parent_config=older.name)
    assert main(["--variant", str(config)]) == 0
    assert in_this_process == [f"stage2/train.py {older}", f"stage1/train.py {parent}"]
    assert records.read_json(workspace / "runs" / "spanish" / "run.json")["parents"].keys() == {"mix:toy", "run:older"}


def test_a_parent_that_lost_something_is_told_of(
    workspace: Path, parent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_stage1([str(parent)]) == 0
    lost = Gates(passed=False, regressed=True, reasons=["recast: lost: 0.9 to 0.5"], scores={}, changes={})
    write_gates(workspace / "runs" / "trunk", lost)
    assert main(["--variant", str(write_config(workspace, VARIANT, steps=1))]) == 0
    assert "note: the parent trunk is marked regressed: recast: lost: 0.9 to 0.5" in capsys.readouterr().out


def test_a_plan_knows_what_a_parent_that_is_not_there_is_to_stand_on(
    workspace: Path, parent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tiny.saved(workspace / "base")
    of_base = write_config(workspace, VARIANT, name="core", parent=None, base=str(base))
    config = write_config(workspace, VARIANT, parent="core", parent_config=of_base.name)
    assert main(["--variant", str(config), "--plan"]) == 0
    assert "spanish" not in [path.name for path in workspace.glob("runs/*")]
    with pytest.raises(UserError, match="nothing says how large its model is"):
        main(["--variant", str(write_config(workspace, VARIANT, parent="core")), "--plan"])


def test_nothing_descends_from_itself(workspace: Path, parent: Path) -> None:
    first = write_config(workspace, VARIANT, name="first", parent="second", parent_config="second.yaml")
    write_config(workspace, VARIANT, name="second", parent="third", parent_config="third.yaml")
    write_config(workspace, VARIANT, name="third", parent="first", parent_config="first.yaml")
    said = r"first\.yaml: a run cannot descend from itself: first from second from third from first"
    with pytest.raises(UserError, match=said):
        main(["--variant", str(first)])
    with pytest.raises(UserError, match="cannot descend from itself: trunk from trunk"):
        train_stage1([str(parent), "--parent", "trunk", "--model", "null", "--parent_config", str(parent)])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"parent": "trunc"}, "there is no complete run 'trunc'; train it first"),
        ({"learner": {"kind": "l1", "first_language": "en", "target_language": "es"}}, "learner.kind"),
        ({"learner": {"kind": "l2", "first_language": "?", "target_language": "es"}}, "'?' names no language"),
        ({"suites": []}, "suites"),
        ({"core_suites": ["level_fit"]}, "level_fit is named twice"),
        (
            {"gates": ["levle_fit/level_fit.rate>=0.5"]},
            "levle_fit is no suite of this variant; did you mean",
        ),
    ],
)
def test_what_is_refused(workspace: Path, parent: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UserError, match=re.escape(complaint)):
        main(["--variant", str(write_config(workspace, VARIANT, **changes))])
    assert not (workspace / "runs").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "name variants: --variant NAME, or --all; there are"),
        (["--variant", "spanish-l3"], "no variant 'spanish-l3'.*did you mean spanish-l2?"),
        (["--variant"], "--variant: wants a name after it"),
        (["--resume", "nothing"], "no run is called nothing"),
        (["--resume", "nothing", "--steps", "3"], "--steps cannot be given beside it"),
    ],
)
def test_which_variant(words: list[str], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        main(words)


@pytest.mark.parametrize("name", family.variants())
def test_the_variants_that_come_with_espalier(name: str) -> None:
    config = load_file(Stage2Config, family.find_variant(name))
    assert config.name == "-".join(reversed(name.split("/")))
    assert config.recipe is None or config.recipe.is_file()
