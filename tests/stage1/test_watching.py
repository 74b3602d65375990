"""The real command, watched: it ends in the bytes of one that nobody watched, and heeds those who watch."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.cli import main as espalier
from espalier.errors import UserError
from espalier.signals.records import Severity, Signal
from espalier.signals.store import FILE, SignalStore
from stage1.train import main
from tests.processes import ROOT
from tests.stage1.commands import CORE, TRUNK, make_mix, write_config
from tests.training.watching.toy import toy
from training.monitors.base import Look
from training.watching import policy

UNWATCHED: dict[str, Any] = {"checkin": {"every": 0}, "monitors": {"on": "none"}}
WATCHED: dict[str, Any] = {
    "checkin": {"every": 3, "prompts": ["Who are you?"], "max_new_tokens": 8, "temperature": 1.0},
    "monitors": {"on": "all", "every": 2},
    "self_play": {"every": 2, "max_new_tokens": 8, "temperature": 1.0},
    "journal": {"every": 4},
}
QUICK: dict[str, Any] = {"steps": 8, "heldout": {"every": 0}}


def weights(workspace: Path, name: str) -> dict[str, bytes]:
    """The bytes of the final weights."""
    found = {path.name: path.read_bytes() for path in (workspace / "runs" / name / "final").glob("*.safetensors")}
    assert found
    return found


def test_a_watched_run_ends_in_the_bytes_of_an_unwatched_one(workspace: Path) -> None:
    make_mix(workspace)
    for base, name in ((TRUNK, "trunk"), (CORE, "core")):
        for suffix, how in (("", UNWATCHED), ("-watched", WATCHED)):
            main([str(write_config(workspace, base, **QUICK | how | {"name": f"{name}{suffix}"}))])
        assert weights(workspace, name) == weights(workspace, f"{name}-watched")
        folder = workspace / "runs" / f"{name}-watched"
        records.verify_manifest(folder)
        with SignalStore.read(folder) as store:
            assert {each.step for each in store.answers()} == {0, 3, 6, 8}
            assert {each.step for each in store.dialogues()} == {0, 2, 4, 6, 8}
            assert [each.step for each in store.events(what="journal")] == [0, 4, 8]
        assert "Since step 4:" in (folder / "journal.md").read_text()
        with pytest.raises(UserError, match="no such file"):
            SignalStore.read(workspace / "runs" / name)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler here")
def test_where_layers_are_compiled_too(workspace: Path) -> None:
    make_mix(workspace)
    for name, how in (("unwatched", UNWATCHED), ("watched", WATCHED)):
        main([str(write_config(workspace, TRUNK, **QUICK | how | {"name": name, "compile": "layers"}))])
    assert weights(workspace, "watched") == weights(workspace, "unwatched")


def finds(step: int) -> Callable[[Look], Iterable[Signal]]:
    """A monitor that finds something grave after a step, once."""

    def look(look: Look) -> Iterable[Signal]:
        grave = look.step.number == step
        evidence = {"texts": ["I went. " * 3]} if grave else {}
        yield Signal(
            name="rate",
            value=float(grave),
            severity=Severity.HIGH if grave else None,
            said="It loops." * grave,
            evidence=evidence,
        )

    return look


def test_an_alarm_ends_a_run_that_nobody_sits_at_and_it_goes_on_when_told(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(policy, "monitors", lambda: {"echo": toy("echo", finds(4))})
    monkeypatch.setattr("sys.stdin", None)
    make_mix(workspace)
    main([str(write_config(workspace, TRUNK, name="unwatched", **QUICK | UNWATCHED))])
    config = write_config(workspace, TRUNK, **QUICK | WATCHED | {"monitors": {"every": 2, "unattended": "stop"}})
    assert main([str(config)]) == 0
    run = workspace / "runs" / "trunk"
    said = capsys.readouterr().out
    assert "high: echo.rate at step 4: It loops." in said and "--resume trunk" in said
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-000004"]
    journal = (run / "journal.md").read_text()
    assert '      "I went. I went. I went. "' in journal and "stop at step 4: echo.rate: It loops." in journal
    espalier(["show", "trunk"])
    assert "It loops." in capsys.readouterr().out

    (run / FILE).write_bytes(b"damaged" * 1000)
    assert main(["--resume", "trunk"]) == 0
    assert "damaged-1" in capsys.readouterr().out
    assert weights(workspace, "trunk") == weights(workspace, "unwatched")
    records.verify_manifest(run)


def test_a_policy_that_names_no_monitor_is_refused_before_anything_is_made(workspace: Path) -> None:
    make_mix(workspace)
    (workspace / "policy.yaml").write_text("monitors: {helth: {high: log}}")
    config = write_config(workspace, TRUNK, monitors={"policy": "policy.yaml"})
    with pytest.raises(UserError, match=r"policy\.yaml: monitors: no monitor is called 'helth'"):
        main([str(config)])
    assert not (workspace / "runs" / "trunk").exists()


def until(happens: Callable[[], object]) -> None:
    while not happens():
        time.sleep(0.05)


@pytest.mark.slow
def test_a_run_is_told_by_commands(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_mix(workspace)
    config = write_config(
        workspace,
        TRUNK,
        steps=1_000_000,
        heldout={"every": 0},
        checkin={"every": 0},
        monitors={"on": "none"},
        checkpoint_every=1_000_000,
    )
    training = subprocess.Popen([sys.executable, str(ROOT / "stage1/train.py"), str(config)], stdout=subprocess.PIPE)
    run = workspace / "runs" / "trunk"

    def told(*argv: str) -> bool:
        assert training.poll() is None
        try:
            espalier(list(argv))
        except UserError:
            return False
        return True

    def did(what: str) -> bool:
        assert training.poll() is None or what == "stopped"
        return (run / FILE).exists() and [
            event.what for event in SignalStore.read(run).events(who="operator", what=what)
        ] != []

    try:
        until(lambda: told("pause", "trunk"))
        until(lambda: did("paused"))
        until(lambda: "paused" in (espalier(["runs"]), capsys.readouterr().out)[1])
        espalier(["runs"])
        assert "the operator said pause" in capsys.readouterr().out
        told("resume", "trunk")
        until(lambda: did("resumed"))
        told("every", "trunk", "50")
        until(lambda: did("interval"))
        told("stop", "trunk")
        output, _ = training.communicate()
    finally:
        training.kill()
    assert training.returncode == 0 and b"go on with: espalier resume trunk" in output
    assert did("stopped")
    with pytest.raises(UserError, match=r"python stage1/train\.py --resume trunk"):
        espalier(["resume", "trunk"])
