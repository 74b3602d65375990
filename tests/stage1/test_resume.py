"""Killed at any moment and started again, the real command ends with the bits of a run that was never killed."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import AutoPeftModelForCausalLM

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.loading import load_for_inference
from stage1.train import main
from tests.processes import ROOT, Moment, run
from tests.stage1.commands import CORE, TRUNK, fingerprint, last_step, log_of_step, make_mix, write_config
from training.checkpoint import list_checkpoints

pytestmark = pytest.mark.slow
TRAIN = "stage1/train.py"


def uninterrupted(workspace: Path, config: Path, name: str) -> dict[str, str]:
    """The fingerprint of the run, made in this process, and then taken away so that others can make it again."""
    assert main([str(config)]) == 0
    folder = workspace / "runs" / name
    found = fingerprint(folder)
    shutil.rmtree(folder)
    return found


def killed(moment: Moment, *words: object) -> None:
    """Run the command, which must not survive the moment."""
    ended = run(TRAIN, *words, at=moment)
    assert ended.code == -signal.SIGKILL, ended.output


def test_a_trunk_killed_again_and_again(workspace: Path) -> None:
    make_mix(workspace)
    config = write_config(workspace, TRUNK)
    expected = uninterrupted(workspace, config, "trunk")
    folder = workspace / "runs" / "trunk"
    checkpoints = folder / "checkpoints"

    killed(log_of_step(3), config)
    assert list_checkpoints(checkpoints) == []
    killed(Moment(path=r".*/checkpoints/\.step-[^/]+/[^/]+"), config)
    assert len(list(checkpoints.glob(".step-000004.tmp-*"))) == 1 and not list_checkpoints(checkpoints), "half-written"
    killed(Moment(does="os.rename", path=r".*/checkpoints/\.step-\d+\.tmp-\d+"), config)
    assert len(list(checkpoints.glob(".step-*/manifest.json"))) == 1, "written, and without its name"
    killed(Moment(does="os.rename", path=r".*/checkpoints/step-\d+"), config)
    assert len(list_checkpoints(checkpoints)) == 3, "before the oldest is removed"
    killed(log_of_step(7), config)
    killed(Moment(does="os.rename", path=r".*/trunk/\.final\.tmp-\d+"), config)
    killed(Moment(does="os.rename", path=r".*/trunk/\.manifest\.json\.tmp-\d+"), config)
    assert (folder / "final").exists()

    command = [sys.executable, str(ROOT / TRAIN), str(config)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "going on from step 24" in output
    assert fingerprint(folder) == expected
    assert [path.name for path in checkpoints.iterdir() if path.name.startswith(".")] == []
    assert "already complete" in run(TRAIN, config).output


def test_a_core_killed_and_resumed_by_name(workspace: Path) -> None:
    make_mix(workspace)
    main([str(write_config(workspace, TRUNK, steps=4))])
    config = write_config(workspace, CORE)
    expected = uninterrupted(workspace, config, "core")
    killed(log_of_step(7), config)
    killed(log_of_step(12), "--resume", "core")
    killed(Moment(does="os.rename", path=r".*/core/\.final\.tmp-\d+"), config)
    assert run(TRAIN, "--resume", "core").code == 0
    assert fingerprint(workspace / "runs" / "core") == expected


def test_muon_and_noise_on_embeddings(workspace: Path) -> None:
    make_mix(workspace)
    changes: dict[str, Any] = {"optim": {"kind": "muon", "lr": 0.01}, "neftune_alpha": 5.0, "steps": 12}
    config = write_config(workspace, TRUNK, **changes)
    expected = uninterrupted(workspace, config, "trunk")
    killed(log_of_step(7), config)
    folder = workspace / "runs" / "trunk"
    assert run(TRAIN, config).code == 0
    assert fingerprint(folder) == expected


@pytest.mark.parametrize("adapter", [None, {"r": 2, "dropout": 0.2}])
def test_a_protected_concept(workspace: Path, adapter: dict[str, Any] | None) -> None:
    """Killed before what was found is kept, after it, and between checkpoints."""
    make_mix(workspace)
    main([str(write_config(workspace, TRUNK, steps=4))])
    words = {"now": ["go", "eat"], "then": ["went", "ate"]}
    table = {"name": "tense", "words": words, "rank": 2, "max_examples": 32, "every": 3}
    config = write_config(workspace, CORE, adapter=adapter, protect=[table], steps=12, rows="all")
    expected = uninterrupted(workspace, config, "core")
    assert "tense_drift_2" in expected["metrics"] and "tense_left" in expected["metrics"]
    killed(Moment(does="os.rename", path=r".*/core/\.concepts\.tmp-\d+"), config)
    killed(log_of_step(3), config)
    killed(log_of_step(7), config)
    assert run(TRAIN, "--resume", "core").code == 0
    assert fingerprint(workspace / "runs" / "core") == expected
    changed = write_config(workspace, CORE, adapter=adapter, protect=[table | {"rank": 3}], steps=12, rows="all")
    with pytest.raises(UserError, match="exists with another config"):
        main([str(changed)])


@pytest.mark.parametrize("adapter", [{"kind": "dora", "init": "pissa", "rslora": True}, {"init": "eva"}])
def test_updates_that_do_not_begin_at_random(workspace: Path, adapter: dict[str, Any]) -> None:
    """Killed before its first checkpoint and after it, what was begun with is found again."""
    make_mix(workspace)
    main([str(write_config(workspace, TRUNK, steps=4))])
    config = write_config(workspace, CORE, adapter={"r": 2, "dropout": 0.2} | adapter, steps=12)
    expected = uninterrupted(workspace, config, "core")
    killed(log_of_step(3), config)
    killed(log_of_step(7), config)
    folder = workspace / "runs" / "core"
    assert run(TRAIN, "--resume", "core").code == 0
    assert fingerprint(folder) == expected
    ids = torch.tensor([[1, 40, 41, 42, 7]])
    ours, _ = load_for_inference("core", device="cpu")
    theirs = AutoPeftModelForCausalLM.from_pretrained(folder / "final")
    with torch.no_grad():
        assert torch.equal(ours(input_ids=ids).logits, theirs(input_ids=ids).logits)


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler here")
def test_compiled_layers_resume_to_the_same_bits(workspace: Path) -> None:
    make_mix(workspace)
    config = write_config(workspace, TRUNK, compile="layers", steps=12)
    expected = uninterrupted(workspace, config, "trunk")
    killed(log_of_step(7), config)
    assert run(TRAIN, config).code == 0
    folder = workspace / "runs" / "trunk"
    assert records.read_json(folder / "run.json")["environment"]["compile"] == "layers"
    assert fingerprint(folder) == expected


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_cleanly_and_says_how_to_go_on(workspace: Path, number: signal.Signals, code: int) -> None:
    make_mix(workspace)
    config = write_config(workspace, TRUNK, steps=100_000, checkpoint_every=50_000)
    folder = workspace / "runs" / "trunk"
    stopped = run(TRAIN, config, at=Moment(path=r".*/metrics\.jsonl", number=3, signal=number))
    assert stopped.code == code
    step = int(list_checkpoints(folder / "checkpoints")[-1].name.removeprefix("step-"))
    assert f"stopped at step {step}; go on with: python stage1/train.py --resume trunk" in stopped.output
    assert "Traceback" not in stopped.output
    assert last_step(folder) == step
