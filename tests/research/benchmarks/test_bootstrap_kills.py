"""What the script that kills loops makes of how they end."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from research.benchmarks import bootstrap_kills


class Loop:
    """Stands for the loop: its runs end as they are told, and leave so many artifacts behind."""

    def __init__(self, patch: pytest.MonkeyPatch, *ends: int | None) -> None:
        self.ends, self.seconds = list(ends), list[float | None]()
        self.content = "a"
        patch.setattr(bootstrap_kills, "run", self)
        patch.setattr(bootstrap_kills.signal, "signal", lambda *_: None)

    def __call__(self, config: str, home: Path, seconds: float | None) -> int | None:
        self.seconds.append(seconds)
        ended = self.ends.pop(0)
        records.write_json(
            home / "runs" / "x" / "manifest.json", {"content_hash": self.content if ended == 0 else "half"}
        )
        return ended


def test_it_goes_on_and_begins_anew_until_it_was_killed_so_often(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = Loop(monkeypatch, 0, None, 0, None, None, 0)
    assert bootstrap_kills.main(["--kills", "3"]) == 0
    told = [seconds is not None for seconds in loop.seconds]
    assert told == [False, True, True, True, True, False] and not loop.ends
    assert "after 3 kills all of 1 are the same" in capsys.readouterr().out


def test_another_end_and_an_error_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    loop = Loop(monkeypatch, 0, None, 0)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **how: setattr(loop, "content", "b"))
    assert bootstrap_kills.main(["--kills", "1"]) == 1
    assert "differs: runs/x" in capsys.readouterr().out
    Loop(monkeypatch, 0, None, 2)
    with pytest.raises(UserError, match="after 1 kills it does not go on"):
        bootstrap_kills.main(["--kills", "1"])
