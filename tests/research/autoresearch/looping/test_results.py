"""What is kept of experiments, through torn lines and strangers' hands."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from espalier.errors import UserError
from research.autoresearch.looping.records import Record
from research.autoresearch.looping.results import Results, read_results
from tests.research.autoresearch.looping.made import record


def test_the_contracts_columns_stand_as_people_read_them(tmp_path: Path) -> None:
    results = Results(tmp_path, "language")
    results.append(record(0, description="baseline", status="keep", val_bpb=1.2345678, memory_gb=0.449))
    results.append(record(1, description="two\nlines\tand \x1b[31mcolour", status="refused", val_bpb=0.5))
    assert (tmp_path / "results-language.tsv").read_text().splitlines() == [
        "commit\tval_bpb\tmemory_gb\tstatus\tdescription",
        "1111111\t1.234568\t0.4\tkeep\tbaseline",
        "1111111\t0.000000\t0.1\tcrash\ttwo lines and \\x1b[31mcolour",
    ]
    assert [each["status"] for each in read_results(tmp_path / "results-language.jsonl")] == ["keep", "refused"]


def test_a_torn_last_line_is_set_aside_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Results(tmp_path, "mazes")
    results.append(record(0))
    with open(results.jsonl, "ab") as file:
        file.write(b'{"number": 1, "comm')
    assert len(list(read_results(results.jsonl))) == 1, "a reader leaves out what is being written"
    again = Results(tmp_path, "mazes")
    assert len(again.records) == 1 and "half-written" in capsys.readouterr().out
    assert (tmp_path / "results-mazes.torn").read_bytes() == b'{"number": 1, "comm\n'
    again.append(record(1))
    assert [each["number"] for each in read_results(results.jsonl)] == [0, 1]


def test_what_something_else_changed_is_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Results(tmp_path, "language")
    results.append(record(0, val_bpb=2.0))
    results.jsonl.write_text(json.dumps({**record(0), "val_bpb": 0.1}) + "\n")
    results.append(record(1, val_bpb=math.inf))
    assert [each["val_bpb"] for each in read_results(results.jsonl)] == [2.0, None]
    assert results.records == list(read_results(results.jsonl))
    assert "something else had changed it" in capsys.readouterr().out
    assert not results.restore()


def test_copies_are_copies(tmp_path: Path) -> None:
    results = Results(tmp_path, "language")
    worktree = tmp_path / "worktree"
    results.copy_to(worktree)
    assert (worktree / "results-language.jsonl").read_text() == ""
    results.append(record(0))
    results.copy_to(worktree)
    assert (worktree / "results-language.jsonl").read_bytes() == results.jsonl.read_bytes()
    assert (worktree / "results-language.tsv").read_bytes() == results.tsv.read_bytes()


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("{\n", r"results-language.jsonl:1: not JSON"),
        ('{"number": 0}\n', r"results-language.jsonl:1: is no record of an experiment, it lacks base, began, budget"),
        ("[]\n", "lacks all of it"),
        (json.dumps(record(3)) + "\n", r"results-language.jsonl:1: is experiment 3, and 0 comes here"),
    ],
)
def test_a_file_that_is_none_of_ours_is_told(tmp_path: Path, lines: str, complaint: str) -> None:
    (tmp_path / "results-language.jsonl").write_text(lines)
    with pytest.raises(UserError, match=complaint):
        Results(tmp_path, "language")


def test_numbers_have_no_gap(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="record 1 after 0"):
        Results(tmp_path, "language").append(record(1))


def test_a_record_has_every_key() -> None:
    assert set(record(0)) == Record.__required_keys__
