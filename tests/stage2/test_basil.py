"""The pair that comes with the curriculum, from recipe to gates, by the real commands, as small as it can be."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from data_mix import build
from espalier.artifacts import records
from espalier.artifacts.gates import read_gates
from espalier.artifacts.paths import repo_root
from espalier.text.rows import read_rows
from evaluation.cases.heldout import heldout_cases, open_mix
from evaluation.cases.suite import load_suite
from evaluation.run import main as evaluate
from stage1.train import main as train_stage1
from stage2 import asking
from stage2.train import main
from tests.data_mix.conftest import low_bars
from tests.stage1.commands import TRUNK, write_config
from training import origins

__all__ = ["low_bars"]
PAIR = ("l2", "heritage")
QUICK = {key: TRUNK[key] for key in ("seq_len", "compile", "log_every")} | {"seq_len": 256, "micro_batch_size": 2}
COMMANDS = {"data_mix/build.py": build.main, "stage1/train.py": train_stage1, "stage2/train.py": main}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that a command runs, in this process."""

    def here(script: str, *words: str) -> int:
        return evaluate([*words, "--publish", "false"]) if "evaluation" in script else COMMANDS[script](list(words))

    monkeypatch.setattr(origins, "run_command", here)
    monkeypatch.setattr(asking, "run_command", here)


def small(workspace: Path, name: str, **changes: Any) -> Path:
    """A recipe of the project's with few rows, in its own shares."""
    recipe = yaml.safe_load((repo_root() / "data_mix" / "recipes" / f"{name}.yaml").read_text()) | changes
    for source in recipe["sources"]:
        source["curriculum"] |= {"dialogues": source.get("share", 100)}
        source["curriculum"] |= {"held_out_rows": 4} if source["curriculum"].get("held_out_rows") else {}
        source["curriculum"] |= {"sessions": 20} if source["curriculum"].get("sessions") else {}
    path = workspace / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def core(workspace: Path) -> None:
    """A core on a little of the mix `basil`."""
    plain = {key: value for key, value in TRUNK.items() if key not in ("model", "tokenizer")}
    write_config(workspace, TRUNK | QUICK, mix="basil", recipe="basil.yaml", steps=4)
    about = {"rows": "chat", "parent": "trunk", "parent_config": "trunk.yaml", "steps": 4}
    config = write_config(workspace, plain | QUICK | about, name="basil-core", mix="basil", recipe="basil.yaml")
    assert train_stage1([str(config)]) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("low_bars")
def test_the_pair_is_trained_and_held_to_its_suites(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small(workspace, "basil")
    core(workspace)
    for kind in PAIR:
        recipe = small(workspace, f"basil-{kind}")
        words = ["--variant", f"basil-{kind}", "--recipe", str(recipe), "--parent_config", "null", "--steps", "6"]
        words += ["--checkin.every", "0", "--heldout.every", "0", "--compile", "off", "--schedule.warmup", "1"]
        assert main(words) == 1, "in six steps nothing is learned, and the gate says so"
        assert f"basil_{kind}: gate as_asked.rate>=0.6 does not hold" in capsys.readouterr().out
        run = workspace / "runs" / f"basil-{kind}"
        assert records.read_json(run / "run.json")["parents"].keys() == {f"mix:basil-{kind}", "run:basil-core"}
        found = read_gates(run)
        assert found is not None and set(found.changes) == {f"basil_{kind}", "recast"}
        assert found.changes[f"basil_{kind}"].column == "as_asked"
        mix = open_mix(f"basil-{kind}")
        core_ids = {row.id for row in read_rows(workspace / "mixes" / "basil" / "train.parquet")}
        ids = [row.id for row in read_rows(mix.folder / "train.parquet")]
        assert len(ids) == 100 and sum(each in core_ids for each in ids) == 70, "most of it are the core's own rows"
        spec = load_suite(f"basil_{kind}").heldout
        assert spec is not None
        truths = [case.truth for case in heldout_cases(spec, mix) if case.truth]
        assert {truth.learner_kind for truth in truths} == {kind}
        assert any(truth.switched for truth in truths) == (kind == "heritage")
