"""Commands forked from a process that has imported what they need."""

from pathlib import Path

import pytest

from espalier.loops import warm


def test_a_command_is_what_it_would_be_and_its_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "command.py"
    script.write_text(
        "import os, sys\n"
        "open(os.environ['TOLD'], 'w').write(' '.join(sys.argv) + ' ' + __name__ + ' ' + os.environ.get('RANK', '-'))\n"
        "if sys.argv[1] == 'kill':\n    os.kill(os.getpid(), 9)\n"
        "sys.exit(int(sys.argv[1]))\n"
    )
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setattr(warm, "_PRELOADED", "json")
    assert warm.run_warm(str(script), "0", "--a", "b") == 0
    assert (tmp_path / "told").read_text() == f"{script} 0 --a b __main__ -"
    assert warm.run_warm(str(script), "2") == 2 and warm.run_warm(str(script), "kill") == 128 + 9
