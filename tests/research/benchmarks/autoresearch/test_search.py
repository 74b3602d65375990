"""The record of a search: what it runs, and what it prints of a loop that is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import write_json, write_jsonl
from espalier.errors import UserError
from research.autoresearch.looping.view import read_loop
from research.autoresearch.replay import ReplayConfig, replay
from research.benchmarks.autoresearch import search
from tests.research.autoresearch.reporting.made import BASE, VALUES, baselines, experiments


class Commands:
    """Stands for the loop and its replay."""

    def __init__(self, code: int = 0, kept: bool = True) -> None:
        self.code, self.run, self._kept = code, list[str](), kept

    def __call__(self, script: str, *words: str) -> int:
        self.run.append(script)
        if self.code == 0:
            self._loop() if script == search.LOOP else self._replay()
        return self.code

    def _loop(self) -> None:
        folder = artifact("loops", "autoresearch-language-search")
        settings = {"task": "language", "tag": "search", "corpus": None, "budget": 60.0, "budget_in": "seconds",
                    "threads": 2, "device": "cpu", "walls": True}  # fmt: skip
        write_json(folder / "loop.json", {"config": settings, "base": {"commit": BASE}})
        tried = experiments() if self._kept else experiments()[:1]
        write_jsonl(folder / "results-language.jsonl", [*baselines(), *tried])

    def _replay(self) -> None:
        def train(commit: str, seed: int) -> dict[str, object]:
            val, second = ({"val_bpb": values[0] + seed % 11 / 1000} for values in VALUES[commit])
            return {"val": val, "second": second, "why": None}

        replay(ReplayConfig(tag="search"), read_loop("language", "search"), publish=False, train=train)


def test_it_searches_replays_and_prints_the_record(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    commands = Commands()
    monkeypatch.setattr(search, "run_command", commands)
    page = tmp_path / "record.md"
    assert search.main(["--experiments", "8", "--page", str(page)]) == 0
    assert commands.run == [search.LOOP, search.REPLAY]
    text = page.read_text()
    assert "--search --experiments 8 --budget 60" in text and "## The honest gain" in text
    assert "Budget of a training: 60 seconds, 2 threads, cpu" in text and "Tree of commits" not in text
    assert text.strip() in capsys.readouterr().out


def test_where_nothing_was_kept_nothing_is_replayed(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands(kept=False)
    monkeypatch.setattr(search, "run_command", commands)
    search.main([])
    assert commands.run == [search.LOOP]


@pytest.mark.parametrize(("code", "error"), [(2, UserError), (130, SystemExit)])
def test_a_loop_that_fails_or_is_stopped_ends_it(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, code: int, error: type[BaseException]
) -> None:
    commands = Commands(code=code)
    monkeypatch.setattr(search, "run_command", commands)
    with pytest.raises(error):
        search.main([])
    assert commands.run == [search.LOOP]
