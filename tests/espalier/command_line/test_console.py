"""Plain lines where nobody watches, a bar where somebody does."""

import itertools
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root
from espalier.command_line import console


def test_a_log_has_about_twenty_lines_at_fixed_steps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = itertools.count()  # a second for each step; the clock is asked at the beginning, and for each line
    monkeypatch.setattr("espalier.command_line.console.time.monotonic", lambda: 50.0 * next(now))
    with console.progress(1000, "basil") as display:
        for step in range(1, 1001):
            display.update(step, {"loss": 1 / step, "tokens/s": 23104.4})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == [f"{step}/1000" for step in range(50, 1001, 50)]
    assert lines[0] == "basil 50/1000  loss 0.02  tokens/s 23104  15:50 left"


def test_uneven_steps_show_when_a_twentieth_is_passed(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress(1282, "replies", done=0) as display:
        for step in (10, 128, 130, 300, 1282):
            display.update(step, {})
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["128/1282", "300/1282", "1282/1282"]


def test_a_short_run_shows_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress(3, "basil", done=1) as display:
        display.update(2, {})
        display.update(3, {})
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_table_aligns_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(["run", "loss"], [["basil-core", 0.123456], ["b", 12.0], ["c", None]])
    assert capsys.readouterr().out.splitlines() == [
        "run         loss",
        "----------  ------",
        "basil-core  0.1235",
        "b           12",
        "c",
    ]
    console.table(["run", "steps"], [["basil", 5], ["x", 12000]])
    assert capsys.readouterr().out.splitlines()[2:] == ["basil      5", "x      12000"]


def on_a_terminal(environment: dict[str, str]) -> bytes:
    code = """
from espalier.command_line import console
with console.progress(2, "basil") as display:
    display.update(1, {"loss": 0.5})
    console.say("a check-in")
    display.update(2, {"loss": 0.25})
"""
    here, there = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", **environment}
    subprocess.run(
        [sys.executable, "-c", code], stdout=there, stderr=there, env=environment, cwd=repo_root(), check=True
    )
    os.close(there)
    shown = b""
    try:
        while piece := os.read(here, 65536):
            shown += piece
    except OSError:
        pass  # the other end is closed and everything is read
    os.close(here)
    return shown


def test_a_terminal_gets_a_bar_and_a_ci_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    bar = on_a_terminal({})
    assert b"\x1b[" in bar and b"2/2" in bar and b"loss 0.25" in bar and b"a check-in" in bar
    assert b"\x1b[" not in on_a_terminal({"CI": "true"})
    assert b"\x1b[" not in on_a_terminal({"TERM": "dumb"})


def test_output_is_not_a_terminal_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(tmp_path / "log", "w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        assert not console.is_terminal()
