"""Trackers are shown what is logged, and nothing that is trained or kept depends on them."""

import sys
from pathlib import Path
from typing import Any

import pytest
from accelerate import tracking
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from espalier.artifacts import records
from espalier.errors import UserError
from stage1.train import main
from tests.stage1.commands import TRUNK, fingerprint, make_mix, write_config
from tests.training.test_loop import Bench
from training.trackers import check_installed, tracked

QUICK: dict[str, Any] = {"steps": 4, "heldout": {"every": 2}}


def figures(folder: Path) -> dict[str, list[tuple[int, float]]]:
    read = EventAccumulator(str(folder / "tensorboard"))
    read.Reload()
    return {name: [(event.step, event.value) for event in read.Scalars(name)] for name in read.Tags()["scalars"]}


def test_a_tracked_run_is_the_run_and_tensorboard_shows_its_metrics(workspace: Path) -> None:
    make_mix(workspace)
    for name, trackers in (("plain", []), ("tracked", ["tensorboard"])):
        main([str(write_config(workspace, TRUNK, name=name, trackers=trackers, **QUICK))])
    plain, shown = (fingerprint(workspace / "runs" / name) for name in ("plain", "tracked"))
    assert plain == shown
    records.verify_manifest(workspace / "runs" / "tracked")
    rows = list(records.read_jsonl(workspace / "runs" / "tracked" / "metrics.jsonl"))
    losses = [(row["step"], row["loss"]) for row in rows if "loss" in row]
    found = figures(workspace / "runs" / "tracked")
    assert [step for step, _ in found["loss"]] == [1, 2, 3, 4]
    assert [value for _, value in found["loss"]] == pytest.approx([loss for _, loss in losses])
    assert [step for step, _ in found["heldout_loss"]] == [0, 2, 4]


def test_who_watches_may_change_and_no_step_is_shown_twice(workspace: Path) -> None:
    make_mix(workspace)
    config = write_config(workspace, TRUNK, trackers=["tensorboard"], checkpoint_every=2, **QUICK)
    run = workspace / "runs" / "trunk"
    main([str(config), "--steps", "4"])
    (run / "manifest.json").unlink()  # as one that was interrupted after its last step
    main([str(config), "--resume_from", "step-000002"])
    assert [step for step, _ in figures(run)["loss"]] == [1, 2, 3, 4]
    (run / "manifest.json").unlink()
    main([str(config), "--trackers", "[]"])
    records.verify_manifest(run)


class Broken(tracking.GeneralTracker):
    """One whose network goes away after two lines."""

    name, requires_logging_directory, main_process_only = "wandb", False, True
    lines, tracker = 0, None

    def __init__(self, project: str, **how: Any) -> None:
        super().__init__()

    def start(self) -> None: ...

    def store_init_configuration(self, values: dict[str, Any]) -> None: ...

    def log(self, values: dict[str, Any], step: int | None = None, **_: Any) -> None:
        self.lines += 1
        if self.lines > 2:
            raise ConnectionError("no route to host")


def test_a_tracker_that_fails_is_left_out_and_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "wandb", Broken)
    bench = Bench(name="bench", steps=6, log_every=1)
    with tracked(["wandb"], bench.run):
        outcome = bench.train()
    assert outcome.progress.step == 6 and len(bench.metrics()) == 6
    assert capsys.readouterr().out.count("note: wandb failed and is shown nothing from here on (no route to host)") == 1


class Locked(Broken):
    """One that asks for a key."""

    def start(self) -> None:
        input("key? ")


def test_a_tracker_without_its_package_or_key_is_one_line_before_training(
    monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    monkeypatch.setitem(sys.modules, "trackio", None)
    with pytest.raises(UserError, match="trackers: trackio is not installed"):
        check_installed(["trackio"])
    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "wandb", Locked)
    with pytest.raises(UserError, match="wandb cannot begin .*wandb login"), tracked(["wandb"], Bench().run):
        raise AssertionError
