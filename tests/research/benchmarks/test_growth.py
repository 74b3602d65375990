"""The page that tells how pupils of several loops grew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts.records import append_jsonl, write_json
from espalier.errors import UserError
from research.benchmarks import growth


def made(workspace: Path, name: str, shares: list[float], minutes: float) -> None:
    """A loop whose pupil has such a share of good turns in all bands after each round, and is through with .95."""
    for number, share in enumerate(shares):
        exam, passed = f"{name}-r{number:02d}-exam", share >= 0.95
        band = {"share": share, "low": share - 0.05, "high": min(1.0, share + 0.05), "at_least": 0.9}
        sat: dict[str, Any] = {"bands": [band] * 8, "as_sophie": [{"share": 0.97}] * 8}
        write_json(workspace / "corpora" / exam / "exam.json", sat)
        found = {
            "number": number,
            "exam": exam,
            "passed": [passed] * 8,
            "through": passed,
            "next_band": 7 if passed else 0,
            "scores": [1, 0, 0, 1, 0, 0, 2, 0],
            "trained_tokens": 2_000_000,
        }
        write_json(workspace / "loops" / name / "exams" / f"r{number:02d}.json", found)
        append_jsonl(workspace / "loops" / name / "times.jsonl", {"step": exam, "seconds": 60 * minutes})


def test_it_says_when_a_band_was_reached_and_what_a_round_brought(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(workspace, "a", [0.2, 0.25, 0.95], minutes=20)
    made(workspace, "b", [0.2, 0.5], minutes=100)
    assert growth.main(["a", "b"]) == 0
    said = capsys.readouterr().out
    first, second = (next(line for line in said.splitlines() if line.startswith(f"| {name} ")) for name in "ab")
    assert first.split(" | ")[1:] == ["3", "6.0", "1 h 00 min", "0", "7", "7", "7", "7", "0, 1, 2, 3, 4, 5, 6, 7",
                                      "all bands in one round |"]  # fmt: skip
    assert second.split(" | ")[4:7] == ["0", "0", "0"]
    dialogue = next(line for line in said.splitlines() if line.startswith("| 7 dialogue"))
    assert "+70.0 points in round 2; +30.0 points in round 1" in dialogue, "from .20 to .25 is no jump"
    assert "75.0 % | 50.0 %" in said, "usable and good attempts"


def test_it_draws_and_refuses_what_is_not_there(workspace: Path) -> None:
    made(workspace, "a", [0.2, 0.5], minutes=1)
    assert growth.main(["a", "--page", str(workspace / "page.md")]) == 0
    assert "![" in (workspace / "page.md").read_text() and (workspace / "page.png").stat().st_size > 10_000
    with pytest.raises(UserError, match=r"no round is done.*run\.py"):
        growth.main(["none"])
    with pytest.raises(UserError, match="loops"):
        growth.main([])
