"""The front door, on a loop whose trainings are formulas: how long it goes on, and what it says when it ends."""

from __future__ import annotations

import shutil
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from espalier.errors import UserError
from research.autoresearch import loop
from research.autoresearch.looping import beginning, proposers
from tests.research.autoresearch.looping.bench import Made, Proposing, write

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    made = Made(tmp_path, monkeypatch)
    monkeypatch.setattr(beginning, "open_bench", lambda config: nullcontext(made.bench))
    return made


def proposing(monkeypatch: pytest.MonkeyPatch, *does: Any) -> None:
    proposer = Proposing(*does) if does else None
    monkeypatch.setattr(proposers, "open_proposer", lambda config, options: nullcontext(proposer))


def better(worktree: Path) -> None:
    write(worktree, 1.5)


def test_it_stops_at_so_many_experiments_and_goes_on_to_more(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proposing(monkeypatch, better)
    words = ["--task", "language", "--tag", "a", "--baselines", "2", "--search", "--experiments"]
    assert loop.main([*words, "2"]) == 0
    assert len(made.bench.results.records) == 4
    told = capsys.readouterr().out
    assert "2 experiments: 1 kept, 0 discarded, 1 crashed, 0 refused" in told
    assert "baseline: val_bpb 1.99" in told and "luck included" in told and "report.html" in told
    assert loop.main([*words, "3"]) == 0
    assert len(made.bench.results.records) == 5


def test_without_a_proposer_the_baseline_is_run_and_that_is_said(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proposing(monkeypatch)
    assert loop.main(["--task", "language", "--tag", "a", "--baselines", "2"]) == 0
    assert len(made.bench.results.records) == 2
    assert "--agent, --endpoint or --search says who proposes" in capsys.readouterr().out


def test_it_begins_no_experiment_after_its_time(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    proposing(monkeypatch, better)
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    made.trials.before = lambda: now.__setitem__(0, now[0] + 60.0)
    words = ["--task", "language", "--tag", "a", "--search", "--minutes", "2.5"]
    assert loop.main(words) == loop.TIME_IS_UP
    assert len(made.bench.results.records) == 3


def test_it_gives_up_where_nothing_comes_of_anything(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    proposing(monkeypatch, lambda worktree: None)
    with pytest.raises(UserError, match=r"3 experiments in a row came to no result, the last one: changes nothing"):
        loop.main(["--task", "language", "--tag", "a", "--search", "--give_up", "3"])
    assert len(made.bench.results.records) == 5


def test_stopped_in_an_experiment_it_says_where_it_goes_on(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proposing(monkeypatch, better)
    made.go(Proposing(better), 0)

    def interrupt() -> None:
        raise KeyboardInterrupt

    made.trials.before = interrupt
    words = ["--task", "language", "--tag", "a", "--search", "--experiments", "1"]
    with pytest.raises(KeyboardInterrupt):
        loop.main(words)
    assert "stopped in experiment 2; the same command goes on from here" in capsys.readouterr().out
    made.trials.before = lambda: None
    assert loop.main(words) == 0 and made.bench.results.records[-1]["description"] == "try 2"


def test_a_repository_that_breaks_is_told(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(worktree: Path) -> None:
        shutil.rmtree(made.checkout / ".git")

    proposing(monkeypatch, breaks)
    with pytest.raises(UserError, match="Put the repository right, then run the same command again"):
        loop.main(["--task", "language", "--tag", "a", "--search"])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "task: missing.*\n.*tag: missing|tag: missing.*\n.*task: missing"),
        (["--task", "chess", "--tag", "a"], "not 'chess'"),
        (["--task", "language", "--tag", "a", "--search", "--agent", "claude"], "exclude each other"),
        (["--task", "language", "--tag", "a", "--endpoint", "http://a"], "--endpoint and --model belong together"),
        (["--task", "language", "--tag", "a", "--device", "cuda"], "say --walls false"),
    ],
)
def test_what_cannot_be_meant_is_told(words: list[str], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        loop.main(words)
