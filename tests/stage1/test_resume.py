"""Killed at any moment and started again, the real command ends with the bits of a run that was never killed."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from espalier import records
from espalier.checkpoint import list_checkpoints
from stage1.train import main
from tests.stage1 import commands
from tests.stage1.commands import CORE, TRUNK, fingerprint, finish, kill_when, last_step, make_mix, write_config

pytestmark = pytest.mark.slow


def uninterrupted(workspace: Path, config: Path, name: str) -> dict[str, str]:
    """The fingerprint of the run, made in this process, and then taken away so that others can make it again."""
    assert main([str(config)]) == 0
    run = workspace / "runs" / name
    found = fingerprint(run)
    shutil.rmtree(run)
    return found


def writing(run: Path) -> bool:
    """Whether a checkpoint is being written right now."""
    return any((run / "checkpoints").glob(".step-*.tmp-*"))


def test_a_trunk_killed_again_and_again(workspace: Path) -> None:
    make_mix(workspace)
    config = write_config(workspace, TRUNK)
    expected = uninterrupted(workspace, config, "trunk")
    run = workspace / "runs" / "trunk"

    kill_when(lambda: last_step(run) >= 2, config)  # before there is any checkpoint
    assert list_checkpoints(run / "checkpoints") == []
    for _ in range(4):  # inside a checkpoint; should the write be over before the signal arrives, inside the next
        kill_when(lambda: writing(run), config)
        if writing(run):
            break
    assert writing(run), "the kill never fell into a checkpoint"
    step = last_step(run)
    kill_when(lambda: last_step(run) > step + 4, config)
    output = finish(config)
    assert "going on from step" in output
    assert fingerprint(run) == expected
    assert not writing(run)
    assert "already complete" in finish(config)


def test_a_core_killed_while_both_cores_are_busy(workspace: Path) -> None:
    make_mix(workspace)
    main([str(write_config(workspace, TRUNK, steps=4))])
    config = write_config(workspace, CORE)
    expected = uninterrupted(workspace, config, "core")
    run = workspace / "runs" / "core"
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        kill_when(lambda: last_step(run) >= 6, config)
        kill_when(lambda: last_step(run) >= 13, "--resume", "core")
    finally:
        for other in others:
            other.kill()
            other.wait()
    kill_when(lambda: any(run.glob(".final.tmp-*")) or (run / "final").exists(), config)
    finish("--resume", "core")
    assert fingerprint(run) == expected


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler here")
def test_compiled_layers_resume_to_the_same_bits(workspace: Path) -> None:
    make_mix(workspace)
    config = write_config(workspace, TRUNK, compile="layers", steps=12)
    expected = uninterrupted(workspace, config, "trunk")
    run = workspace / "runs" / "trunk"
    kill_when(lambda: last_step(run) >= 6, config)
    finish(config)
    assert records.read_json(run / "run.json")["environment"]["compile"] == "layers"
    assert fingerprint(run) == expected


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_cleanly_and_says_how_to_go_on(workspace: Path, number: signal.Signals, code: int) -> None:
    make_mix(workspace)
    config = write_config(workspace, TRUNK, steps=100_000, checkpoint_every=50_000)
    run = workspace / "runs" / "trunk"
    process = commands.start(config)
    while last_step(run) < 3:
        assert process.poll() is None
    process.send_signal(number)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == code
    step = int(list_checkpoints(run / "checkpoints")[-1].name.removeprefix("step-"))
    assert f"stopped at step {step}; go on with: python stage1/train.py --resume trunk" in output
    assert "Traceback" not in output
    assert last_step(run) == step
