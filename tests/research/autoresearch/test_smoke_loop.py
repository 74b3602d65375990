"""Three experiments of two seconds by the real command: real git, real trainings behind walls, one of them killed."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.lock import holder
from espalier.artifacts.paths import repo_root
from espalier.artifacts.records import read_json, write_manifest
from espalier.sandbox import missing
from research.autoresearch.looping.results import read_results
from tests import processes
from tests.processes import Moment
from tests.research.autoresearch.looping.bench import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
LOOP = "loops/autoresearch-language-smoke"
AGENT = '''
"""Stands for a coding agent: reads the contract, makes the next of three changes, and commits the second of them."""
import pathlib, re, subprocess, sys
contract = sys.stdin.read()
file = pathlib.Path("research/autoresearch/language/train.py")
number = len(pathlib.Path("results-language.jsonl").read_text().splitlines())
name, value = [("lr", "0.002"), ("batch", "8"), ("depth", "2")][number - 1]
file.write_text(re.sub(rf"^    {name}: (\\w+) = [^ ]+", rf"    {name}: \\1 = {value}", file.read_text(), flags=re.M))
if number == 2:
    words = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-a", "-m", f"{name} {value}"]
    subprocess.run(["git", *words], check=True)
print(f"I set {name} to {value}, since it may help.")
'''


def with_choices(source: str, **choices: object) -> str:
    """A training with other choices: a model so small that a busy machine trains it in time."""
    for name, value in choices.items():
        source, number = re.subn(
            rf"^    {name}: (\w+) = [^ ]+", rf"    {name}: \1 = {value}", source, flags=re.MULTILINE
        )
        assert number == 1, name
    return source


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This checkout's code as a repository of its own."""
    folder = tmp_path / "checkout"
    for package in ("espalier", "evaluation", "research/autoresearch"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(repo_root() / package, folder / package, ignore=ignored)
    shutil.copy(repo_root() / ".gitignore", folder)
    training = folder / "research/autoresearch/language/train.py"
    training.write_text(with_choices(training.read_text(), context=32, depth=1, width=32, batch=4))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "begin")
    return folder


@pytest.fixture
def corpus(workspace: Path) -> Path:
    """Little text, where there would be megabytes."""
    folder, draws = workspace / "corpora/autoresearch-language", random.Random(0)
    words = ["the", "cat", "sat", "on", "a", "mat", "and", "so", "did", "every", "other"]
    text = " ".join(draws.choice(words) for _ in range(20_000)).encode()
    for name, part in (("given/train.txt", text[:-8192]), ("secret/second.txt", text[-8192:-4096])):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(part)
    (folder / "secret/val.txt").write_bytes(text[-4096:])
    write_manifest(folder, {"kind": "corpus", "name": folder.name}, content=("given/*", "secret/*"))
    return folder


def words_of(tmp_path: Path, experiments: int) -> list[str]:
    agent = tmp_path / "agent.py"
    agent.write_text(AGENT)
    return [
        "--task", "language", "--tag", "smoke", "--budget", "2", "--baselines", "1", "--threads", "1",
        "--agent", f"{sys.executable} {agent}", "--experiments", str(experiments),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(missing() is not None, reason=f"no sandbox: {missing()}")
def test_three_experiments_one_of_them_killed(checkout: Path, corpus: Path, workspace: Path, tmp_path: Path) -> None:
    loop, words = str(checkout / "research/autoresearch/loop.py"), words_of(tmp_path, 3)
    # Its state is written when an experiment is proposed, when its first run is over, and when it is recorded.
    killed = processes.run(loop, *words, at=Moment(does="os.rename", path=r".*/\.state\.json\.tmp-\d+", number=7))
    assert killed.code == -signal.SIGKILL, killed.output
    results = workspace / LOOP / "results-language.jsonl"
    assert [each["number"] for each in read_results(results)] == [0, 1]
    assert read_json(workspace / LOOP / "state.json")["record"]["number"] == 2
    again = processes.run(loop, *words)
    assert again.code == 0, again.output

    found = list(read_results(results))
    assert [each["number"] for each in found] == [0, 1, 2, 3]
    assert all(each["status"] in ("keep", "discard") for each in found), again.output
    assert all(each["val_bpb"] and 0 < each["val_bpb"] < 9 for each in found)
    assert {each["hashes"]["locked"] for each in found} == {found[0]["hashes"]["locked"]}
    assert len({each["hashes"]["checkpoint"] for each in found}) == 4
    commits = [each["commit"] for each in found[1:]]
    shown = [git(checkout, "show", "--format=", "-U0", each).splitlines() for each in commits]
    changed = [line.split("#")[0].split("=")[1].strip() for diff in shown for line in diff if line.startswith("+  ")]
    assert changed == ["0.002", "8", "2"], "each is one change of what stood"
    kept = [each["commit"] for each in found if each["status"] == "keep"][-1]
    assert git(checkout, "rev-parse", "autoresearch/smoke") == kept
    assert git(checkout, "status", "--porcelain", "--branch") == "## main"
    rows = (workspace / LOOP / "results-language.tsv").read_text().splitlines()
    assert rows[0] == "commit\tval_bpb\tmemory_gb\tstatus\tdescription" and len(rows) == 5
    expected = {
        "frontier", "lock", "locked", "loop.json", "results-language.jsonl", "results-language.tsv", "state.json",
        "worktree", "report.html", "report.md", "progress.png",
    }  # fmt: skip
    assert {path.name for path in (workspace / LOOP).iterdir()} == expected, "nothing else is left"


def test_ctrl_c_is_clean_and_the_same_command_goes_on(
    checkout: Path, corpus: Path, workspace: Path, tmp_path: Path
) -> None:
    loop, words = str(checkout / "research/autoresearch/loop.py"), words_of(tmp_path, 0)
    # Before a run of the baseline is noted, and, gone on with, when its training is laid out.
    moments = {
        130: Moment(does="os.rename", path=r".*/\.state\.json\.tmp-\d+", signal=signal.SIGINT),
        143: Moment(path=r".*/tree/research/.*", signal=signal.SIGTERM),
    }
    for code, at in moments.items():
        ended = processes.run(loop, *words, at=at)
        assert ended.code == code, ended.output
        assert "stopped in experiment 0; the same command goes on from here" in ended.output
        assert "Traceback" not in ended.output
        assert holder(workspace / LOOP / "lock") is None
        assert not list((workspace / LOOP).glob(".*")), "nothing is half-written"


def test_a_checkout_that_is_no_repository_is_told(checkout: Path, corpus: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".git")
    loop = checkout / "research/autoresearch/loop.py"
    done = subprocess.run([sys.executable, loop, *words_of(tmp_path, 0)], capture_output=True, text=True)
    assert done.returncode == 2 and "is no git repository" in done.stderr and done.stderr.count("\n") == 1
