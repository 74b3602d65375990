"""Every test works in a workspace of its own, on one thread and without a network, and tries the same examples."""

import os
import signal
import sys
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports torch: the tests run side by side
os.environ["HF_HUB_OFFLINE"] = "1"  # or a name that is none is asked for, again and again, where no network answers

import hypothesis
import pytest

hypothesis.settings.register_profile("espalier", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("espalier")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background jobs, and commands inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that mixes, runs, scores and reports of this test go to."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.setenv("ESPALIER_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def seeded() -> None:
    """What a test draws does not depend on the tests before it, which are others in every process."""
    if "torch" in sys.modules:  # its first import draws from a fixed seed by itself
        sys.modules["torch"].manual_seed(0)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Packed bytes hold the time, and tests are handed out by names, which must be the same in every process."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > 40 else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not tested on this machine, and why: by reason, for a reason often says what to install."""
    skipped: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for report in terminalreporter.getreports("skipped"):
        assert isinstance(report.longrepr, tuple)
        skipped[report.longrepr[2].removeprefix("Skipped: ")][report.nodeid.partition("::")[0]] += 1
    if skipped:
        terminalreporter.section("not tested here")
    for reason, files in sorted(skipped.items()):
        terminalreporter.line(f"{sum(files.values())} tests: {reason}")
        for file in sorted(files):
            terminalreporter.line(f"    {file}")
