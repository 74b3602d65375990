"""A training and its evaluation: what is run from where, and what is made of how it ends."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from espalier.sandbox import Ending
from research.autoresearch import running
from research.autoresearch.looping import seeds, trial
from research.autoresearch.looping.git import GitFailed
from research.autoresearch.looping.repository import Repository
from research.autoresearch.looping.seeds import ignores_its_seed
from research.autoresearch.looping.trial import Place, evaluate, run_trial, sources
from tests.research.autoresearch.looping.bench import FILE, TASK, git, write

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
TELLS = """
import json, os, sys
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
found = {"named": None, "val_bpb": 1.25, "hashes": {"val": "f00"}, "words": words, "environment": dict(os.environ)}
found["path"], found["bytecode"] = __file__, sys.dont_write_bytecode
with open(words["--result"], "w") as file:
    json.dump(found, file)
"""
FAILS = "import sys\nprint('on the way')\nraise ValueError('no such thing')\n"
NEVER_ENDS = "import signal\nsignal.pause()\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    write(folder, 2.0)
    (folder / "research/autoresearch/evaluate.py").write_text(TELLS)
    git(folder, "init", "-q")
    return folder


def place(checkout: Path, *, evaluator: str = TELLS, **differs: Any) -> Place:
    (checkout / "research/autoresearch/evaluate.py").write_text(evaluator)
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "begin")
    repository = Repository(checkout)
    keys: dict[str, Any] = {"budget": 2.0, "threads": 3, "corpus": checkout.with_name("corpus"), **differs}
    locked = checkout.with_name("locked")
    return Place(task=TASK, repository=repository, base=repository.head, locked=locked, **keys)


class Training:
    """In place of `run_training`: ends as it is told, one after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *ends: dict[str, Any]) -> None:
        self.ends, self.calls = list(ends), list[dict[str, Any]]()
        monkeypatch.setattr(running, "run_training", self)

    def __call__(self, task: Any, source: Path, corpus: Path, out: Path, **keys: Any) -> Any:
        text = {path.relative_to(source).as_posix(): path.read_text() for path in source.rglob("*") if path.is_file()}
        self.calls.append({"text": text, **keys})
        end: dict[str, Any] = {"named": None, "ended": Ending.OK, "weights": b"", **self.ends.pop(0)}
        header = b'{"made": "%d"}' % len(self.calls)
        (out / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + end["weights"])
        outcome = SimpleNamespace(ended=end["ended"], peak_memory=3 << 29, wall_seconds=2.5)
        summary = SimpleNamespace(training_seconds=2.0, total_tokens=7, peak_vram_mb=2048.0)
        return SimpleNamespace(outcome=outcome, cpu_seconds=1.5, num_params=9, named=end["named"], summary=summary)


def test_a_commit_is_trained_beside_the_locked_files_and_judged_by_them(
    checkout: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place(checkout, most_cpu_seconds=6.0, unit="tokens")
    write(checkout, 1.0)
    (checkout / "research/autoresearch/evaluate.py").write_text("raise SystemExit('not this one')\n")
    git(checkout, "commit", "-q", "-a", "-m", "tried")
    commit = git(checkout, "rev-parse", "HEAD")
    training = Training(monkeypatch, {})
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    monkeypatch.setenv("API_KEY", "secret")
    out = tmp_path / "out"
    out.mkdir()
    found = run_trial(here, commit, 5, out=out)
    (call,) = training.calls
    assert call["text"] == {FILE: "bits = 1.0\n"}, "what the commit changed besides is nowhere"
    assert (call["seed"], call["threads"], call["root"], call["unit"]) == (5, 3, here.locked, "tokens")
    assert call["most_cpu_seconds"] == 6.0 and call["budget"] == 2.0 and call["walls"] is True
    assert (found.val_bpb, found.named, found.memory_gb, found.cpu_seconds) == (1.25, None, 1.5, 1.5)
    told = found.evaluations["val"]
    assert told["path"] == str(here.locked / "research/autoresearch/evaluate.py") and told["bytecode"]
    assert told["words"]["--checkpoint"] == str(out) and told["words"]["--corpus"] == "corpus"
    assert (told["words"]["--on"], told["words"]["--walls"], told["words"]["--device"]) == ("val", "true", "cpu")
    assert told["environment"]["ESPALIER_HOME"] == str(workspace)
    assert not {"PYTHONPATH", "API_KEY"} & told["environment"].keys()


def test_one_training_may_be_measured_on_both_files(checkout: Path, tmp_path: Path, monkeypatch: Any) -> None:
    here = place(checkout)
    training = Training(monkeypatch, {})
    tmp_path.joinpath("out").mkdir()
    found = run_trial(here, here.base, 1, out=tmp_path / "out", on=("val", "second"))
    assert [each["words"]["--on"] for each in found.evaluations.values()] == ["val", "second"]
    assert len(training.calls) == 1


def test_locked_files_that_were_touched_are_put_right_before_they_judge(checkout: Path, capsys: Any) -> None:
    here = place(checkout)
    trial.lock(here)
    assert capsys.readouterr().out == ""
    evaluator = here.locked / "research/autoresearch/evaluate.py"
    evaluator.write_text(TELLS.replace("1.25", "0.01"))
    (here.locked / "json.py").write_text("raise SystemExit('instead of the real one')\n")
    assert evaluate(here, checkout, checkout, "val")["val_bpb"] == 1.25
    assert "is not as it was committed (json.py, research/autoresearch/evaluate.py)" in capsys.readouterr().out
    assert trial.lock(here) == []


@pytest.mark.parametrize(
    ("evaluator", "named"),
    [
        (FAILS, "could not be evaluated: ValueError: no such thing"),
        ("", "could not be evaluated: the evaluator wrote nothing"),
        (NEVER_ENDS, "could not be evaluated: it took more than 0 seconds"),
    ],
)
def test_an_evaluation_that_fails_is_named(
    evaluator: str, named: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if evaluator == NEVER_ENDS:
        monkeypatch.setattr(trial, "EVALUATOR_SECONDS", 0.01)
    assert evaluate(place(checkout, evaluator=evaluator), checkout, checkout, "val") == {"named": named}


def test_what_is_named_counts_for_nothing_and_its_detail_stands_beside(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place(checkout, evaluator=TELLS.replace('"named": None', '"named": "looks ahead: at 3"'))
    Training(monkeypatch, {"named": "out of memory: MemoryError"}, {})
    found = run_trial(here, here.base, 1, out=_new(tmp_path / "a"))
    assert (found.named, found.why, found.val_bpb, found.evaluations) == ("out of memory", "MemoryError", None, {})
    found = run_trial(here, here.base, 1, out=_new(tmp_path / "b"))
    assert (found.named, found.why, found.val_bpb) == ("looks ahead", "at 3", None)


def test_a_training_that_something_else_ended_is_run_again_once(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place(checkout)
    lost = {"named": "lost", "ended": Ending.LOST}
    training = Training(monkeypatch, lost, {}, lost, lost)
    assert run_trial(here, here.base, 1, out=_new(tmp_path / "a")).val_bpb == 1.25 and len(training.calls) == 2
    assert run_trial(here, here.base, 1, out=_new(tmp_path / "b")).named == "lost" and len(training.calls) == 4


def test_on_a_gpu_its_memory_counts(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = place(checkout, device="cuda", walls=False)
    training = Training(monkeypatch, {})
    found = run_trial(here, here.base, 1, out=_new(tmp_path / "out"))
    assert found.memory_gb == 2.0 and training.calls[0]["device"] == "cuda" and training.calls[0]["walls"] is False
    assert found.evaluations["val"]["words"]["--walls"] == "false"


def test_whether_a_change_ignores_its_seed_is_told_by_its_weights(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place(checkout)
    training = Training(monkeypatch, {"weights": b"1"}, {"weights": b"2"}, {"weights": b"1"}, {"weights": b"1"})
    assert not ignores_its_seed(here, here.base)
    assert ignores_its_seed(here, here.base), "whatever its checkpoint says besides"
    assert [(call["budget"], call["unit"]) for call in training.calls] == [(1, "tokens")] * 4
    monkeypatch.setattr(seeds, "train", lambda *words, **keys: None)
    assert not ignores_its_seed(here, here.base), "without a checkpoint it cannot be told"


def test_a_commit_without_the_file_has_no_source(checkout: Path) -> None:
    here = place(checkout)
    git(checkout, "rm", "-q", FILE)
    git(checkout, "commit", "-q", "-m", "gone")
    with pytest.raises(GitFailed), sources(here, git(checkout, "rev-parse", "HEAD")):
        pass


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
