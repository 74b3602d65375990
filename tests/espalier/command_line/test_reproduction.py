"""An artifact is made again from its manifest alone, and compared; what has changed is told before, not after."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_mix.build import main as build
from espalier.artifacts import records, registry
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.gates import Gates, write_gates
from espalier.artifacts.paths import artifact
from espalier.artifacts.remaking import link_ancestors
from espalier.artifacts.run import saved_config
from espalier.cli import main
from espalier.command_line import reproduction
from espalier.errors import UserError
from evaluation.run import main as evaluate
from exports.run import main as export
from stage1.train import main as train
from stage2 import gates
from stage2 import train as stage2
from tests.espalier.artifacts.forge import forge
from tests.stage1.commands import CORE, TRUNK, make_mix, write_config
from tests.stage2.test_train import VARIANT

QUICK: dict[str, Any] = {"steps": 6, "checkin": {"every": 0}, "heldout": {"every": 0}}


def reseal(folder: Path, name: str, **changes: Any) -> None:
    """Write other facts into a file of a complete artifact, as if it had been made with them."""
    path, manifest = folder / name, records.read_json(folder / "manifest.json")
    records.write_json(path, records.read_json(path) | changes)
    manifest["files"][name] = {"sha256": records.sha256_file(path), "bytes": path.stat().st_size}
    records.write_json(folder / "manifest.json", manifest)


@pytest.fixture
def core(workspace: Path) -> Path:
    """An adapter on a trunk on a mix."""
    make_mix(workspace)
    trunk = write_config(workspace, TRUNK, **QUICK)
    assert train([str(write_config(workspace, CORE, **QUICK, parent_config=trunk.name))]) == 0
    return workspace / "runs" / "core"


@pytest.mark.slow
def test_a_run_comes_out_the_same_and_says_what_differs_where_it_does_not(
    core: Path, workspace: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in workspace.rglob("*") if "cache" not in path.parts}
    assert main(["reproduce", "core"]) == 0
    said = capfd.readouterr().out
    assert "run:core comes out the same: content " in said
    assert "final/adapter_model.safetensors: equal" in said and "metrics.jsonl: equal but for clocks" in said
    assert before == {path: path.stat().st_mtime_ns for path in workspace.rglob("*") if "cache" not in path.parts}
    made_in = Path(said.partition("again in ")[2].partition(":")[0])
    assert made_in.is_absolute() and not made_in.exists(), "a temporary home is gone afterwards"

    identity = records.read_json(core / "run.json")
    packages = identity["environment"]["packages"] | {"torch": "0.1"}
    code = identity["code"] | {"training/loop.py": "0" * 64}
    reseal(core, "run.json", environment=identity["environment"] | {"packages": packages}, code=code)
    with pytest.raises(
        UserError, match=r"environment\.packages\.torch: 0\.1 before.*code: training/loop\.py\): go back"
    ):
        main(["reproduce", "core"])
    assert "making" not in capfd.readouterr().out, "before anything was made"

    lower = identity["config"] | {"optim": identity["config"]["optim"] | {"lr": 0.001}}
    reseal(core, "run.json", config=lower)
    words = ["reproduce", "core", "--allow_changed_environment", "--home", str(tmp_path / "again")]
    assert main(words) == 1
    said = capfd.readouterr().out
    assert "run:core comes out otherwise" in said and "tensors, by at most" in said
    assert re.search(r"metrics\.jsonl: differs in .*\bloss\b", said)
    assert "code: training/loop.py" in said.partition("Why that may be")[2]
    assert main(words) == 1
    assert "making" not in capfd.readouterr().out, "in a home that stays, it is there"


@pytest.mark.slow
def test_mixes_scores_exports_and_variants_are_made_again_too(
    core: Path, workspace: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "mine.jsonl").write_text('{"messages": [{"role": "user", "content": "I go."}, '
                                          '{"role": "assistant", "content": "You went?"}]}\n' * 3)  # fmt: skip
    recipe = workspace / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({"name": "mine", "sources": [{"path": "mine.jsonl"}], "valid_fraction": 0.0}))
    assert build([str(recipe)]) == 0
    suite = workspace / "suite.yaml"
    suite.write_text("name: toy\ncases: [{name: a, prompt: I go home.}]\nmetrics: [in_role, asks]\n")
    assert evaluate(["--models", "core", "rule:reference", "--suite", str(suite), "--name", "s"]) == 0
    assert export(["core", "--to", "merged"]) == 0
    for spec in ("mix:mine", "scores:s", "export:core-merged"):
        assert main(["reproduce", spec]) == 0
        assert f"{spec} comes out the same: content " in capfd.readouterr().out
    settings = VARIANT | {"name": "spanish", "parent": "core", "suites": [str(suite)], "core_suites": ["safety"]}
    variant = write_config(workspace, settings)
    monkeypatch.setattr(stage2, "hold", lambda config, publish: 0)
    assert stage2.main(["--variant", str(variant)]) == 0
    asked = {key: saved_config("spanish")[key] for key in gates.SETTINGS}
    lost = Gates(passed=False, regressed=True, reasons=["lost"], scores={}, changes={}, asked=asked)
    write_gates(workspace / "runs" / "spanish", lost)
    assert main(["reproduce", "spanish"]) == 0
    said = capfd.readouterr().out
    assert "run:spanish comes out the same" in said and "held to" not in said, "its scores are other artifacts"

    (workspace / "mine.jsonl").write_text('{"messages": [{"role": "user", "content": "Other."}, '
                                          '{"role": "assistant", "content": "Words?"}]}\n' * 3)  # fmt: skip
    assert main(["reproduce", "mix:mine"]) == 1
    assert "train.parquet: differs" in capfd.readouterr().out


def test_what_cannot_be_made_again_is_told_with_the_reason() -> None:
    forge("corpus:talk", "openai:m@http://host/v1")
    forge("corpus:pairs", "corpus:talk", command="feedback/prefer.py")
    forge("judge:classifier", "file:labels.json")
    forge("run:half", complete=False)
    forge("mix:basil")
    forge("run:orphan", "mix:gone")
    forge("run:core", "mix:basil")
    basil = artifact("mixes", "basil") / "manifest.json"
    records.write_json(basil, records.read_json(basil) | {"content_hash": "f" * 64})
    for name, reason in {
        "talk": "a model behind an endpoint wrote it",
        "pairs": "python feedback/prefer.py made it, with the config that its manifest holds",
        "classifier": "its labels are known by name and hash alone",
        "half": r"is not complete \(interrupted\)",
        "orphan": r"was made from mix:gone, which is gone; reproduce that first",
        "core": r"was made from mix:basil, which has changed since",
        "nobody": "no artifact is called nobody",
    }.items():
        with pytest.raises(UserError, match=reason):
            main(["reproduce", name])
    (artifact("runs", "core") / "content").write_text("otherwise")
    with pytest.raises(UserError, match="changed since it was made"):
        main(["reproduce", "core"])


def test_a_home_where_it_was_not_made_again_cannot_say_that_it_comes_out_the_same(
    workspace: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forge("mix:basil", made_with={"signatures": {}, "code": code_behind("data_mix/build.py")})
    forge("run:core", "mix:basil")
    monkeypatch.setattr(reproduction, "run_command", lambda *words, home: pytest.fail("nothing is to be made"))
    with pytest.raises(UserError, match="is the workspace itself"):
        main(["reproduce", "basil", "--home", str(workspace)])
    known = {each.spec: each for each in registry.survey()}
    linked, copied = tmp_path / "linked", tmp_path / "copied"
    link_ancestors(known["run:core"], linked, known)
    with pytest.raises(UserError, match=r"holds links \(content.*another --home"):
        main(["reproduce", "basil", "--home", str(linked)])
    shutil.copytree(artifact("mixes", "basil"), copied / "mixes" / "basil")
    assert main(["reproduce", "basil", "--home", str(copied)]) == 0
    assert "comes out the same" in capfd.readouterr().out
    (copied / "mixes" / "basil" / "content").write_text("otherwise")
    with pytest.raises(UserError, match=r"copied/mixes/basil/content: changed since it was made"):
        main(["reproduce", "basil", "--home", str(copied)])
    assert "the same" not in capfd.readouterr().out
