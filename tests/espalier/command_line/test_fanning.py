"""Commands that run at once: each ends as if it were alone, and none outlives what began it."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from espalier.command_line.fanning import run_several


def test_each_ends_by_itself_and_says_why(workspace: Path) -> None:
    commands = {"good": ["espalier/__main__.py", "ls"], "bad": ["espalier/__main__.py", "no-such-command"]}
    ended = {each.name: each for each in run_several(commands, jobs=2)}
    assert ended["good"].code == 0
    assert ended["bad"].code == 2 and "no-such-command" in ended["bad"].tail


def test_whoever_is_stopped_leaves_nothing_running(tmp_path: Path) -> None:
    (tmp_path / "waits.py").write_text(
        textwrap.dedent(f"""
        import os, signal, sys
        from pathlib import Path
        def stop(number, frame):
            Path({str(tmp_path / "stopped")!r}).write_text("x")
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        os.mkfifo({str(tmp_path / "never")!r})
        Path({str(tmp_path / "begun")!r}).write_text(str(os.getpid()))
        open({str(tmp_path / "never")!r}).read()
        """)
    )
    (tmp_path / "begins.py").write_text(
        textwrap.dedent(f"""
        from espalier.command_line import fanning
        list(fanning.run_several({{"it": [{str(tmp_path / "waits.py")!r}]}}, jobs=1))
        """)
    )
    began = subprocess.Popen([sys.executable, str(tmp_path / "begins.py")])
    while not (tmp_path / "begun").exists() or not (tmp_path / "begun").read_text():
        assert began.poll() is None
        os.sched_yield()
    began.send_signal(signal.SIGTERM)
    assert began.wait() == 128 + signal.SIGTERM
    assert (tmp_path / "stopped").exists()
