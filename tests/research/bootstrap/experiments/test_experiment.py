"""Arms beside a baseline: what is run, what is compared, and how sure it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.command_line.config import load_file
from espalier.errors import UserError
from research.bootstrap import experiment
from research.bootstrap.experiments.comparing import differences, interval
from research.bootstrap.experiments.config import BASELINE, LEVERS, Experiment, ExperimentOptions
from research.bootstrap.experiments.outcomes import read
from research.bootstrap.experiments.page import drawn, written

NAMES = sorted(path.stem for path in LEVERS.glob("*.yaml"))


def made(workspace: Path, name: str, shares: list[float], tokens: int = 1000) -> None:
    """A loop whose rounds came to these shares of good turns."""
    folder = artifact("loops", name)
    for number, share in enumerate(shares):
        exam = {
            "bands": [{"share": share, "passed": False}] * 8,
            "minimal_pairs": {"share": share},
            "floor": None,
            "identity": {"Basil": {"own_name": share}},
        }
        records.write_json(artifact("corpora", f"{name}-r{number:02d}-exam") / "exam.json", exam)
        found = {"number": number, "exam": f"{name}-r{number:02d}-exam", "trained_tokens": tokens, "next_band": 3,
                 "through": False, "scores": [1, 0, 0, 3, 0, 0, 0, 0]}  # fmt: skip
        records.write_json(folder / "exams" / f"r{number:02d}.json", found)
    records.write_json(folder / "loop.json", {"config": {"width": 1}, "milestones": {"sha256": "m"}})
    records.write_manifest(folder, {"kind": "loop", "name": name, "parents": {}}, content=("exams/*.json",))


@pytest.mark.parametrize("name", NAMES)
def test_every_lever_asks_for_loops_that_there_can_be(name: str) -> None:
    lever = load_file(Experiment, LEVERS / f"{name}.yaml")
    loops = experiment.loops_of(lever)
    assert len(loops) == 3 * (1 + len(lever.arms))
    assert f"lever-{BASELINE}-s2" in loops


def test_an_arm_with_a_key_that_no_loop_has_is_refused() -> None:
    with pytest.raises(UserError, match="stagin"):
        experiment.loops_of(Experiment(question="?", arms={"other": {"stagin": False}}))
    with pytest.raises(ValueError, match="changes a key"):
        Experiment(question="?", arms={BASELINE: {"staging": False}})


def test_a_mean_over_seeds_has_the_interval_of_students_t() -> None:
    low, high, p = interval(np.array([0.1, 0.2, 0.3]))
    assert (low, high) == (pytest.approx(-0.0484, abs=1e-3), pytest.approx(0.4484, abs=1e-3))
    assert p == pytest.approx(0.0742, abs=1e-3)
    assert interval(np.array([0.1]))[2] == 1.0 and np.isinf(interval(np.array([0.1, np.nan]))[1])
    assert interval(np.array([0.0, 0.0]))[2] == 1.0
    assert interval(np.array([1.0, 1.0, 1.0])) == (-np.inf, np.inf, 0.25)


def test_arms_are_paired_by_seed_and_many_of_them_are_corrected_for(workspace: Path, tmp_path: Path) -> None:
    for seed, base in enumerate((0.2, 0.4, 0.6)):
        made(workspace, f"l-{BASELINE}-s{seed}", [0.1, base])
        made(workspace, f"l-up-s{seed}", [0.1, base + 0.1 + 0.001 * seed])
        made(workspace, f"l-same-s{seed}", [0.1, base + 0.01 * (seed - 1)], tokens=2000)
    with pytest.raises(UserError, match="is another than this experiment asks for .*width"):
        read("l-up-s0", {"width": 2}, "m")
    found = {
        arm: [read(f"l-{arm}-s{seed}", {"width": 1}, "m") for seed in range(3)] for arm in (BASELINE, "up", "same")
    }
    rows = {(each.arm, each.figure): each for each in differences(found, BASELINE)}
    up, same = rows["up", "good"], rows["same", "good"]
    assert up.baseline == pytest.approx(0.4) and up.value == pytest.approx(0.101)
    assert 0.09 < up.low < up.high < 0.11  # though the seeds themselves lie far apart
    assert up.p < up.p_corrected == pytest.approx(2 * up.p)
    assert same.low < 0 < same.high
    lever = Experiment(question="What <now>?", arms={"up": {"staging": False}, "same": {"identity": False}})
    page = "\n\n".join(written(lever, found, drawn(found, tmp_path / "page.png").name))
    assert "not equal: same" in page and "<now>" not in page
    assert (tmp_path / "page.png").stat().st_size > 5000


def test_what_is_complete_is_not_run_again_and_what_fails_stops_nothing(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lever = Experiment(question="?", arms={"off": {"staging": False}}, seeds=1)
    made(workspace, f"lever-{BASELINE}-s0", [0.1])
    begun: list[Any] = []

    def loops(given: Experiment) -> dict[str, tuple[list[str], None]]:
        begun.append(given)
        failing = ["espalier/__main__.py", "no-such-command"]
        return {f"lever-{BASELINE}-s0": (["no/such.py"], None), "lever-off-s0": (failing, None)}

    monkeypatch.setattr(experiment, "loops_of", loops)
    assert experiment.run_arms(lever, ExperimentOptions(jobs=2)) == ["lever-off-s0"]
    said = capsys.readouterr().out
    assert "2 loops, 1 of them complete" in said and "lever-off-s0: FAILED with exit code 2" in said
