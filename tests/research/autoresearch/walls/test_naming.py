"""Under which name what ended, and how, is written down; and what is told of a program that reaches outside."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root
from espalier.sandbox import Ending, Outcome
from research.autoresearch import running
from research.autoresearch.inside.reaching import MARK
from research.autoresearch.inside.training import BEGINS
from research.autoresearch.naming import Named, check_outcome
from research.autoresearch.running import Allowance

SUMMARY = b"""---
task=language
training_seconds: 1.00
total_seconds:    2.00
peak_vram_mb:     3.0
memory_of:        process
total_tokens:     4
num_steps:        5
num_params:       6
"""
FINE = Outcome(
    ended=Ending.OK, exit_code=0, signal_name=None, tried=None, stdout=SUMMARY, stderr=b"", cut=False, cpu_seconds=1.0,
    wall_seconds=1.0, peak_memory=1, left_behind=False,
)  # fmt: skip
REACHED = f"{MARK}'reads outside: /x'\n".encode()


@pytest.mark.parametrize(
    ("outcome", "named"),
    [
        (replace(FINE, ended=Ending.NETWORK), "tried the network"),
        (replace(FINE, ended=Ending.FORBIDDEN, tried="namespaces"), "tried namespaces"),
        (replace(FINE, ended=Ending.MEMORY), "out of memory"),
        (replace(FINE, ended=Ending.WALL_TIME), "past its budget: ended after 1 seconds"),
        (replace(FINE, ended=Ending.WALL_TIME, stderr=REACHED), "reads outside: /x"),
        (replace(FINE, stderr=b"warning\n" + REACHED), "reads outside: /x"),
        (replace(FINE, ended=Ending.FAILED, exit_code=1, stderr=REACHED + b"Error: no\n"), "reads outside: /x"),
        (
            replace(FINE, ended=Ending.FAILED, exit_code=1, stderr=b"Traceback\nError: no\n\n"),
            "crashed: failed with exit code 1: Error: no",
        ),
        (
            replace(FINE, ended=Ending.SIGNAL, signal_name="SIGSEGV", exit_code=None),
            "crashed: killed by a signal, SIGSEGV: ",
        ),
    ],
)
def test_an_ending_has_a_name(outcome: Outcome, named: str) -> None:
    with pytest.raises(Named) as caught:
        check_outcome(outcome)
    assert str(caught.value) == named


@pytest.mark.parametrize(
    ("outcome", "seconds", "work", "named"),
    [
        (replace(FINE, stdout=b"val_bpb: 0.1\n" + SUMMARY), 1, 1, "prints a val_bpb"),
        (replace(FINE, stdout=SUMMARY + b"  val_bpb: 0.1\n"), 1, 1, "prints a val_bpb"),
        (replace(FINE, stdout=SUMMARY + b"route_accuracy: 1"), 1, 1, "prints a route_accuracy"),
        (replace(FINE, left_behind=True), 1, 1, "left processes behind"),
        (FINE, 10.5, 1, "past its budget"),
        (FINE, 1, 20.5, "more work than its budget"),
        (replace(FINE, stdout=b"fine\n"), 1, 1, "prints no summary"),
    ],
)
def test_a_training_that_went_well_can_count_for_nothing(
    outcome: Outcome, seconds: float, work: float, named: str
) -> None:
    with pytest.raises(Named, match=f"^{named}"):
        running._judge(outcome, seconds, work, bound=10, work=20)


def test_one_that_keeps_to_its_budget_counts() -> None:
    running._judge(FINE, 10, 20, bound=10, work=20)
    running._judge(replace(FINE, stdout=b"its val_bpb falls\n" + SUMMARY), 1, 10**9, bound=10, work=None)


def test_when_it_began_is_told_by_the_first_line_alone() -> None:
    first = f"{BEGINS}12.500 1.250\n".encode()
    outcome, began = running._without_first_line(replace(FINE, stdout=first + SUMMARY))
    assert began == (12.5, 1.25) and outcome.stdout == SUMMARY
    for stdout in (SUMMARY + first, b"", first.replace(b"12.500", b"-1"), b" " + first):
        assert running._without_first_line(replace(FINE, stdout=stdout))[1] is None


def test_an_allowance() -> None:
    allowance = Allowance(clock=10, work=5, share=0.1, hard=99)
    assert allowance.clock_seconds(60, "seconds") == pytest.approx(76)
    assert allowance.clock_seconds(10**9, "tokens") == 99
    assert allowance.work_seconds(60, 2) == pytest.approx(142)


def test_what_a_program_reaches_for_is_told(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (own / "mine").write_text("x")
    (own / "link").symlink_to(other)
    (other / "theirs").write_text("x")
    source = f"""
import os, sys
sys.path[0] = {str(repo_root())!r}
from research.autoresearch.inside.reaching import tell_of_reaching
tell_of_reaching([{str(own)!r}])
open({str(own / "mine")!r}); open("here", "w"); os.listdir("/usr"); open(os.__file__); open("/dev/null", "w")
def reach(act):
    try: act()
    except OSError: pass
for _ in range(2): reach(lambda: open({str(other / "theirs")!r}))
reach(lambda: open({str(own / "link" / "theirs")!r}.encode()))
reach(lambda: open({str(own / "new")!r}, "w"))
reach(lambda: os.open({str(other / "new")!r}, os.O_WRONLY))
reach(lambda: os.scandir({str(other)!r}))
reach(lambda: os.kill(os.getppid(), 0))
os.kill(os.getpid(), 0)
"""
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        cwd=tmp_path / "work",
        env={**os.environ, "TMPDIR": ""},
    )
    told = [line.removeprefix(MARK).strip("'") for line in done.stderr.splitlines()]
    assert told == [
        f"reads outside: {other / 'theirs'}",
        f"writes outside: {own / 'new'}",
        f"writes outside: {other / 'new'}",
        f"reads outside: {other}",
        "sends signals to others",
    ]
