"""A replay, with trainings that are made up: what is run, what of it is kept, and what is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_json, read_jsonl, write_json, write_jsonl
from espalier.errors import UserError
from research.autoresearch.looping.records import Record
from research.autoresearch.looping.view import LoopView, read_loop
from research.autoresearch.replay import ReplayConfig, commits_of, replay
from research.autoresearch.replaying.kept import latest, read_replay
from research.autoresearch.replaying.runs import fresh_seeds
from research.autoresearch.report import main as report
from tests.research.autoresearch.reporting.made import BASE, VALUES, baselines, commit, experiments, record

NAME = "language-toy-replay-000000a"
CONFIG = ReplayConfig(tag="toy")


def made(records: Sequence[Record]) -> LoopView:
    """A loop of this log, as it is read."""
    folder = artifact("loops", "autoresearch-language-toy")
    settings = {"task": "language", "tag": "toy", "corpus": None, "budget": 60.0, "budget_in": "seconds", "threads": 2,
                "device": "cpu", "walls": True}  # fmt: skip
    write_json(folder / "loop.json", {"config": settings, "base": {"commit": BASE}})
    write_jsonl(folder / "results-language.jsonl", records)
    return read_loop("language", "toy")


@pytest.fixture
def loop(workspace: Path) -> LoopView:
    return made([*baselines(), *experiments()])


class Trainer:
    """Gives about what `made.VALUES` has."""

    def __init__(self, ends_after: int = 1000, fails: str = "") -> None:
        self.asked, self._left, self._fails = list[tuple[str, int]](), ends_after, fails

    def __call__(self, of: str, seed: int) -> Mapping[str, Any]:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1
        self.asked.append((of, seed))
        if of == self._fails:
            return {"val": None, "second": None, "why": "past its budget"}
        noise = seed % (7 + int(of[6], 16)) / 2000
        val, second = (values[0] + noise for values in VALUES[of])
        return {"val": {"val_bpb": val}, "second": {"val_bpb": second}, "why": None}


def test_every_kept_commit_is_trained_on_seeds_that_no_run_had(loop: LoopView, workspace: Path) -> None:
    train = Trainer()
    assert replay(CONFIG, loop, publish=False, train=train) == 0
    used = {each["seed"] for each in loop.records} | {9, 10, 11, 12}
    seeds = {seed for _, seed in train.asked}
    assert len(seeds) == 3 and not seeds & used
    assert [of for of, _ in train.asked] == [BASE, commit(4), commit(7), commit(10)] * 3, "a seed after the other"
    found = read_replay(loop, NAME)
    assert [step["verdicts"]["second"] for step in found["steps"]][-1] == "reversed"
    assert found["gain"]["second"]["value"] < 0 and found["seeds"] == fresh_seeds(loop, 3)
    text = (loop.folder / "report.md").read_text()
    assert "The honest gain" in text and "reversed" in text


def test_killed_it_goes_on_and_comes_to_the_same(loop: LoopView, workspace: Path) -> None:
    first, rest, whole = Trainer(ends_after=5), Trainer(), Trainer()
    with pytest.raises(KeyboardInterrupt):
        replay(CONFIG, loop, publish=False, train=first)
    assert latest(loop) is None, "what is not complete is told by nobody"
    runs = workspace / "corpora" / NAME / "runs.jsonl"
    with runs.open("a") as file:
        file.write('{"commit": "half')
    replay(CONFIG, loop, publish=False, train=rest)
    assert len(rest.asked) == 7 and not set(first.asked) & set(rest.asked)
    replay(CONFIG.model_copy(update={"name": "whole"}), loop, publish=False, train=whole)
    assert [*read_jsonl(runs)] == [*read_jsonl(workspace / "corpora/whole/runs.jsonl")]
    again = Trainer()
    replay(CONFIG, loop, publish=False, train=again)
    assert not again.asked, "a complete one is not run again"


def test_the_ends_alone_are_two_commits_and_what_reaches_farthest_is_told(loop: LoopView, workspace: Path) -> None:
    before = made([*baselines(), *experiments()[:5]])
    replay(CONFIG, before, publish=False, train=Trainer())
    view = made([*baselines(), *experiments()])
    shorter = latest(view)
    assert shorter is not None and shorter["commits"][-1] == commit(7)
    train = Trainer()
    replay(CONFIG.model_copy(update={"ends": True}), view, publish=False, train=train)
    assert {of for of, _ in train.asked} == {BASE, commit(10)}
    farther = latest(view)
    assert farther is not None and farther["ends"] and farther["commits"] == [BASE, commit(10)]
    replay(CONFIG, view, publish=False, train=Trainer())
    assert (latest(view) or {})["ends"] is False


def test_a_training_that_fails_is_kept_and_told_and_makes_no_figure(loop: LoopView) -> None:
    replay(CONFIG, loop, publish=False, train=Trainer(fails=commit(7)))
    found = read_replay(loop, NAME)
    assert len(found["failed"]) == 3 and found["steps"][1]["second"] is None and found["gain"]["second"] is not None
    assert "| 0000007 |" in (loop.folder / "report.md").read_text().partition("that gave nothing")[2]
    replay(CONFIG.model_copy(update={"name": "none"}), loop, publish=False, train=Trainer(fails=commit(10)))
    assert read_replay(loop, "none")["gain"]["second"] is None


def test_nothing_kept_is_nothing_to_replay(workspace: Path) -> None:
    with pytest.raises(UserError, match="nothing was kept"):
        commits_of(made([*baselines(), record(3, BASE, "discard", 2.5)]), ends=False)


def test_a_replay_of_another_loop_is_refused(loop: LoopView, workspace: Path) -> None:
    replay(CONFIG, loop, publish=False, train=Trainer())
    file = workspace / "corpora" / NAME / "replay.json"
    write_json(file, {**read_json(file), "loop": "autoresearch-language-other"})
    with pytest.raises(UserError, match="not of this one"):
        read_replay(loop, NAME)
    assert latest(loop) is None
    with pytest.raises(UserError, match="no complete replay"):
        read_replay(loop, "nothing")


def test_the_report_command_tells_the_replay(loop: LoopView, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(["--tag", "toy"]) == 0
    assert "Nothing was replayed yet." in capsys.readouterr().out
    replay(CONFIG, loop, publish=False, train=Trainer())
    report(["--tag", "toy", "--replay", NAME])
    said = capsys.readouterr().out
    assert "It is better on text that no experiment ever met" in said and "report.html" in said
    with pytest.raises(UserError, match="--tag: is missing"):
        report([])


def test_seeds_that_were_used_are_passed_over(loop: LoopView) -> None:
    first, second = fresh_seeds(loop, 2)
    taken = made([*baselines(), record(3, BASE, "keep", 2.3, seed=first)])
    assert fresh_seeds(taken, 1) == [second]
