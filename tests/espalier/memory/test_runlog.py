"""The run log: one line for one content, whoever writes at once, and nothing of what people wrote is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import agents_dir, repo_root
from espalier.errors import UserError
from espalier.memory import status
from espalier.memory.access import held
from espalier.memory.runlog import note
from tests.espalier.artifacts.forge import forge, forge_scores


def log() -> str:
    return (agents_dir() / "RUNLOG.md").read_text()


def lines() -> list[str]:
    return [line for line in log().splitlines() if line.startswith("- ")]


def test_one_line_each_with_name_content_and_the_figures_that_decide() -> None:
    forge("mix:basil")
    content = {
        "run": forge("run:core", "mix:basil", finished="2026-01-02T10:00:00+00:00"),
        "export": forge("export:core-gguf", "run:core", finished="2026-01-04T10:00:00+00:00"),
    }
    forge_scores("s", {"core": (0.5, 0.4, 0.6)}, finished="2026-01-03T10:00:00+00:00")
    content["scores"] = records.read_manifest(Path(agents_dir().parent / "scores" / "s"))["content_hash"]  # type: ignore[index]
    note("run:core")
    note("scores:s", figures="recast v1: core 50 %", page="reports/s.md")
    note("export:core-gguf")
    assert lines() == [
        f"- 2026-01-02 run:core `{content['run'][:12]}`: valid_bits_per_byte 1.5  loss 2; from mix:basil",
        f"- 2026-01-03 [scores:s](reports/s.md) `{content['scores'][:12]}`: recast v1: core 50 %",
        f"- 2026-01-04 export:core-gguf `{content['export'][:12]}`: gguf q8_0, 0.0 MB, not verified; from run:core",
    ]
    assert log().startswith("# Run log\n")


def test_one_content_is_noted_once_and_another_beside_it() -> None:
    forge("run:core")
    note("run:core")
    before = log()
    note("run:core", figures="told otherwise")
    assert log() == before
    path = agents_dir().parent / "runs" / "core" / "manifest.json"
    records.write_json(path, records.read_json(path) | {"content_hash": "f" * 64})
    note("run:core")
    assert log().startswith(before) and len(lines()) == 2
    for _ in range(2):
        note("run:core", what="gates", figures="regressed: recast lost 0.1")
    assert len(lines()) == 3 and lines()[2].endswith("run:core `ffffffffffff` gates: regressed: recast lost 0.1")
    note("run:core", what="gates", figures="passed, 4 tokens/s on ~/a/b.yaml and 1/2 of /srv/me/my.yaml: fine")
    assert lines()[3].endswith("gates: passed, 4 tokens/s on ~/a/b.yaml and 1/2 of …/my.yaml: fine")


def test_what_people_wrote_into_the_log_stays() -> None:
    forge("run:core")
    agents_dir().mkdir()
    (agents_dir() / "RUNLOG.md").write_text("# Our log\n\nBy hand.\n\n\n")
    note("run:core")
    assert log().startswith("# Our log\n\nBy hand.\n\n- ")


def test_many_processes_lose_no_line_of_one_another() -> None:
    names = [f"run-{number}" for number in range(24)]
    for name in names:
        forge(f"run:{name}")
    code = "import sys\nfrom espalier.memory.runlog import note\nfor name in sys.argv[1:]: note(f'run:{name}')\n"
    started = [
        subprocess.Popen([sys.executable, "-c", code, *names[place::4]], cwd=repo_root(), stdout=subprocess.PIPE)
        for place in range(4)
    ]
    said = [process.communicate()[0] for process in started]
    assert all(process.returncode == 0 for process in started) and not any(said)
    assert sorted(line.split()[2] for line in lines()) == sorted(f"run:{name}" for name in names)
    status.check()
    assert all(name in status.path().read_text() for name in names), "who wrote last knew of all"


def test_what_cannot_be_noted_is_said_and_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    forge("run:core")
    agents_dir().write_text("a file in the folder's place")
    note("run:core")
    assert "note: " in capsys.readouterr().out


def test_a_memory_that_another_keeps_is_not_waited_for_without_end() -> None:
    with held(), pytest.raises(UserError, match=rf"in use by process {os.getpid()}"), held(patience_s=0.0):
        raise AssertionError
    with held(patience_s=0.0):
        pass


def test_figures_that_somebody_made_up_stay_one_line() -> None:
    forge("run:core", summary={"valid_loss": 1.0})
    note("run:core", figures="a\n# heading\x1b[2J" + "x" * 5000)
    assert len(lines()) == 1 and r"a\n# heading\x1b[2J" in lines()[0] and len(lines()[0]) < 1200
