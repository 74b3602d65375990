"""Trainings and evaluations behind real walls: an honest one, and one attack of each kind that only walls can hold.

All of them: research/benchmarks/autoresearch/red_team.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from research.autoresearch.evaluate import evaluate
from research.autoresearch.running import Ran, run_training
from research.autoresearch.tasks import TASKS
from research.hostile.autoresearch import ATTACKS, Attack, Honest
from research.hostile.autoresearch.ground import Ground
from tests.espalier.sandbox.walls import needs_walls

pytestmark = [needs_walls, pytest.mark.slow]
TRIED = {
    "reading": "the validation text",
    "keeping": "the evaluator, changed",
    "saying": "a val_bpb in pieces",
    "taking": "a trainer that goes on",
    "breaking": "asks the network",
    "leaving": "a link as its checkpoint",
    "looking ahead": "looks at the next byte",
    "being asked": "leaves a process behind",
    "routes": "a program that floods mazes",
}
BASE = Honest(name="base", lay=lambda tree, marks: None)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Ground() as laid:
        yield laid


def train(ground: Ground, tree: Path, out: Path, *, seed: int = 0) -> Ran:
    out.mkdir()
    corpus = ground.corpora["language"]
    return run_training(TASKS["language"], tree, corpus, out, budget=4096, unit="tokens", seed=seed)


@pytest.mark.parametrize(
    "attack", [each for each in ATTACKS if TRIED.get(each.family) == each.name], ids=lambda each: each.family
)
def test_an_attack_is_held_and_named_unchecked(attack: Attack, ground: Ground) -> None:
    met = ground.meet(attack)
    assert ground.fault(attack, met) is None
    assert met.named is not None


def test_an_honest_training_leaves_its_checkpoint_and_a_figure(ground: Ground, tmp_path: Path) -> None:
    with ground.tree(BASE) as tree:
        ran = train(ground, tree, tmp_path / "out")
        assert ran.named is None, ran
        assert ran.summary is not None and ran.summary.total_tokens == 4096 and ran.num_params == ran.summary.num_params
        assert 0 < ran.cpu_seconds < ran.outcome.cpu_seconds and ran.outcome.peak_memory > 50 << 20
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["model.safetensors"]
        again = train(ground, tree, tmp_path / "again")
        assert again.named is None
        one, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("out", "again"))
        assert one == other, "the same seed and the same number of tokens make the same checkpoint"
        corpus = ground.corpora["language"]
        found = evaluate(TASKS["language"], tree, tmp_path / "out", corpus, threads=1)
        second = evaluate(TASKS["language"], tree, tmp_path / "out", corpus, threads=1, on="second")
    assert found["named"] is None and 4 < found["val_bpb"] < 8
    assert found["targets"] == 32_767 and found["context"] == 64 and found["num_params"] == ran.num_params
    assert found["val_bpb"] != second["val_bpb"] and found["hashes"] == second["hashes"]
    assert found["hashes"].keys() == {"locked", "sandbox", "val", "second", "editable", "checkpoint"}


def test_the_command_writes_what_it_found(ground: Ground, tmp_path: Path) -> None:
    with ground.tree(BASE) as tree:
        assert train(ground, tree, tmp_path / "out").named is None
        words = ["--task", "language", "--source", str(tree), "--checkpoint", str(tmp_path / "out")]
        command = [sys.executable, str(repo_root() / "research/autoresearch/evaluate.py"), *words]
        home = {"ESPALIER_HOME": str(ground.folder), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [*command, "--result", str(tmp_path / "found.json")], capture_output=True, text=True, env=home
        )
        found = json.loads((tmp_path / "found.json").read_text())
        assert done.returncode == 0 and done.stdout == f"val_bpb:          {found['val_bpb']:.6f}\n", done.stderr
        (tmp_path / "out" / "model.safetensors").write_bytes(b"no checkpoint")
        refused = subprocess.run(command, capture_output=True, text=True, env=home)
        assert refused.returncode == 0 and refused.stdout.startswith(
            "counts for nothing: its checkpoint is no safetens"
        )


def test_without_walls_it_runs_too_and_says_so(ground: Ground, tmp_path: Path) -> None:
    language, corpus = TASKS["language"], ground.corpora["language"]
    (tmp_path / "out").mkdir()
    with ground.tree(BASE) as tree:
        ran = run_training(language, tree, corpus, tmp_path / "out", budget=4096, unit="tokens", walls=False)
        assert (ran.named, ran.walls) == (None, False) and ran.cpu_seconds > 0 and ran.num_params
        found = evaluate(language, tree, tmp_path / "out", corpus, threads=1, walls=False)
        assert found["named"] is None and found["walls"] is False and 4 < found["val_bpb"] < 8


def test_what_is_missing_is_told(ground: Ground, tmp_path: Path) -> None:
    language, corpus = TASKS["language"], ground.corpora["language"]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "empty").mkdir()
    with ground.tree(BASE) as tree:
        with pytest.raises(UserError, match="has to be an empty folder"):
            run_training(language, tree, corpus, tmp_path / "full", budget=1)
        with pytest.raises(
            UserError, match=r"no such folder of data; python research/autoresearch/language/prepare\.py"
        ):
            run_training(language, tree, tmp_path, tmp_path / "empty", budget=1)
        with pytest.raises(UserError, match="behind walls there is no GPU"):
            run_training(language, tree, corpus, tmp_path / "empty", budget=1, device="cuda")
        with pytest.raises(UserError, match="--budget_in hours"):
            run_training(language, tree, corpus, tmp_path / "empty", budget=1, unit="hours")
        with pytest.raises(UserError, match="not complete"):
            evaluate(language, tree, tmp_path / "empty", tmp_path)
    with pytest.raises(UserError, match="is no plain file"):
        run_training(language, tmp_path, corpus, tmp_path / "empty", budget=1)


def test_a_validation_text_that_changed_is_refused(ground: Ground, tmp_path: Path) -> None:
    secret = ground.corpora["language"] / "secret" / "val.txt"
    before = secret.read_bytes()
    secret.write_bytes(before[:-1] + b"!")
    try:
        with ground.tree(BASE) as tree, pytest.raises(UserError, match="changed since it was made"):
            evaluate(TASKS["language"], tree, tmp_path, ground.corpora["language"])
    finally:
        secret.write_bytes(before)


def test_there_are_enough() -> None:
    assert len(ATTACKS) >= 50 and len({(attack.family, attack.name) for attack in ATTACKS}) == len(ATTACKS)
    assert {attack.family: attack.name for attack in ATTACKS if TRIED.get(attack.family) == attack.name} == TRIED
