"""Pupils examined again."""

from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from research.benchmarks import confirmed


def line(paper: int, band: int, place: int, score: int) -> dict[str, int]:
    return {"paper": paper, "band": band, "place": place, "turn": 0, "score": score}


def test_only_loops_that_ended_are_examined_again(workspace: Path) -> None:
    with pytest.raises(UserError, match="loops"):
        confirmed.main([])
    with pytest.raises(UserError, match="loop grows has not ended"):
        confirmed.main(["grows", "--papers", "1"])


def test_second_papers_alone_count_and_those_that_were_not_sat_are_none(workspace: Path) -> None:
    for exam, passed in (("a", True), ("b", False)):
        folder = workspace / "corpora" / exam
        sat = {"failed": [] if passed else ["good turns"]}
        bands = [{"at_least": 0.5, "confirmed": sat if band == 3 else None} for band in range(8)]
        records.write_json(folder / "exam.json", {"bands": bands})
        replies = [line(0, 3, 0, 0), *(line(1, 3, place, 7 if passed else 0) for place in range(10))]
        records.write_jsonl(folder / "replies.jsonl", replies)
    told, table = confirmed._told("grows", ["a", "b"])
    assert "grows" in told and "| 3 phrases | 50.0 % | 50.0 % (" in table and "| 20 | 1 of 2 |" in table
    assert "| 2 two words | 50.0 % | – | 0 | 0 of 0 |" in table
