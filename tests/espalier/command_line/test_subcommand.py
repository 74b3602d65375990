"""Another of our commands: its exit code comes back, and a signal reaches it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts.paths import repo_root
from espalier.command_line import subcommand

WAITS = """
import signal, sys, time
def stop(number, frame):
    print("asked to stop", flush=True)
    sys.exit(7)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print("waiting", flush=True)
while True:
    signal.pause()
"""
CALLER = """
import sys
from espalier.command_line import subcommand
subcommand.repo_root = lambda: __import__("pathlib").Path(sys.argv[1])
sys.exit(subcommand.run_command("waits.py"))
"""


@pytest.mark.parametrize(
    ("body", "code"), [("", 0), ("import sys; sys.exit(2)", 2), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, code: int) -> None:
    (tmp_path / "script.py").write_text(body)
    monkeypatch.setattr(subcommand, "repo_root", lambda: tmp_path)
    assert subcommand.run_command("script.py") == code


def test_a_signal_that_comes_before_the_other_has_begun_reaches_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "script.py").write_text("import signal\nwhile True: signal.pause()")
    monkeypatch.setattr(subcommand, "repo_root", lambda: tmp_path)
    begin = subprocess.Popen

    def late(*words: Any, **how: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return begin(*words, **how)

    monkeypatch.setattr(subcommand.subprocess, "Popen", late)
    assert subcommand.run_command("script.py") == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_and_the_other_stops_by_itself(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "waits.py").write_text(WAITS)
    command = [sys.executable, "-c", CALLER, str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=repo_root(), start_new_session=True
    )
    assert process.stdout is not None and process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    assert process.communicate()[0] == "asked to stop\n"
    assert process.returncode == 7
