"""A disk that fills up: one clear line, exit code 2, nothing half-written taken for whole, and the run can go on."""

import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root

SCRIPT = """
import sys
from espalier.artifacts import records
from espalier.errors import run_main
from espalier.artifacts.paths import workspace
from tests.espalier.artifacts.test_run import start

def main(argv):
    with start() as run:
        print(*run.notes, sep="\\n")
        if argv[0] == "fill":
            (workspace() / "ballast").write_bytes(bytes(120 * 1024))
            for step in range(100_000):
                {write}
        print([row["step"] for row in records.read_jsonl(run.folder / "metrics.jsonl")][-1] + 1)
        (run.folder / "final").mkdir()
        run.finish({{}})

run_main(main)
"""


@pytest.mark.parametrize(
    "write",
    [
        'run.log(step, {"text": "x" * 500})',
        'run.log(0, {}) if step == 0 else records.write_text(run.folder / f"{step}.txt", "x" * 5000)',
    ],
    ids=["append", "replace"],
)
def test_a_disk_that_fills_up(tmp_path: Path, write: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(write=write))
    (tmp_path / "disk").mkdir()
    mount = f"mount -t tmpfs -o size=256k tmpfs {tmp_path}/disk"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("this machine lets no test mount a small disk")
    python = f"ESPALIER_HOME={tmp_path}/disk PYTHONPATH={repo_root()} {sys.executable} {script}"
    steps = [
        mount,
        f"{python} fill; echo code $?",
        f"find {tmp_path}/disk -name '*.tmp-*' -o -name manifest.json",
        f"rm {tmp_path}/disk/ballast",
        f"{python} go-on; echo code $?",
        f"find {tmp_path}/disk -name manifest.json",
    ]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", "\n".join(steps)], capture_output=True, text=True, cwd=repo_root()
    )
    lines = [line for line in done.stdout.splitlines() if line]
    assert done.stderr.startswith("error: disk full") and done.stderr.count("\n") == 1, done.stderr
    assert lines[0] == "code 2"
    assert int(lines[-3]) >= 1, "what was logged before is still there"
    assert lines[-2:] == ["code 0", f"{tmp_path}/disk/runs/basil/manifest.json"]
    assert [line for line in lines[1:-3] if "dropped a half-written last line" not in line] == []
