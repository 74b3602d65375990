"""A longer command: what it reads, what it may leave, and what of that comes back."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.errors import UserError
from espalier.sandbox import PROCESSOR, Ending, Limits, run_command
from tests.espalier.sandbox.walls import needs_walls

pytestmark = needs_walls
LIMITS = Limits(wall_seconds=300, cpu_seconds=60)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


VENV = [Path(sys.prefix)]


def test_a_command_reads_what_it_is_given_and_leaves_files(tmp_path: Path, out: Path) -> None:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "score.py").write_text("print('score')")
    (tmp_path / "val.txt").write_text("text")
    (tmp_path / "not-given.txt").write_text("text")
    source = f"""
import os, runpy, sys
runpy.run_path({str(tmp_path / "checkout" / "score.py")!r})
print(open({str(tmp_path / "val.txt")!r}).read(), os.environ["KEY"])
print(os.path.exists({str(tmp_path / "not-given.txt")!r}))
os.makedirs("a/b"); open("a/b/scores.json", "w").write("[1]"); open("top", "w").write("2")
try: open({str(tmp_path / "checkout" / "new")!r}, "w")
except OSError as error: print(error.strerror, input())
"""
    done = run_command(
        python(source),
        readable=[*VENV, tmp_path / "checkout", tmp_path / "val.txt"],
        writable=out,
        limits=LIMITS,
        stdin=b"typed",
        environment={"KEY": "value"},
    )
    assert done.outcome.text == "score\ntext value\nFalse\nRead-only file system typed\n", done.outcome.stderr
    assert done.files == ("a/b/scores.json", "top") and not done.refused
    assert (out / "a/b/scores.json").read_text() == "[1]" and (out / "top").read_text() == "2"


def test_only_plain_files_come_back(tmp_path: Path, out: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    source = f"""
import os, socket
os.symlink({str(tmp_path / "secret")!r}, "link")
os.symlink("..", "folder-link")
os.mkfifo("fifo")
open("one", "w").write("1"); os.link("one", "two")
open("bad\\nname", "w"); open(".hidden", "w"); open("-" , "w")
os.mkdir("closed"); open("closed/x", "w"); os.chmod("closed", 0)
open("closed-file", "w"); os.chmod("closed-file", 0)
open("good", "w").write("good")
open("sparse", "w").truncate(10_000_000); open("sparse2", "w").truncate(10_000_000)
os.mkdir("up"); os.chdir("up"); open("x", "w")
"""
    limits = Limits(wall_seconds=300, space=15_000_000, file_size=12_000_000)
    done = run_command(python(source), readable=VENV, writable=out, limits=limits)
    assert done.outcome.ok, done.outcome.stderr
    assert {"good", "sparse", "up/x"} <= set(done.files)
    refused = {"link", "folder-link", "fifo", "one", "two", "bad\nname", ".hidden", "-", "sparse2"}
    assert refused <= set(done.refused) and not refused & set(done.files)
    assert not any(path.is_symlink() for path in out.rglob("*"))
    assert sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) <= limits.space


def test_what_runs_on_is_ended_before_files_come_back(out: Path) -> None:
    source = """
import os, time
if os.fork() == 0:
    os.setsid()
    while True: open("file", "a").write("x" * 100)
while not os.path.exists("file"): time.sleep(0.01)
"""
    done = run_command(python(source), readable=VENV, writable=out, limits=LIMITS)
    assert done.outcome.ended in (Ending.OK, Ending.FILE_SIZE)
    size = (out / "file").stat().st_size
    assert size == (out / "file").stat().st_size and not done.refused
    assert done.outcome.left_behind or done.outcome.ended is Ending.FILE_SIZE


def test_a_helper_that_ends_after_its_program_was_not_left_behind() -> None:
    source = """
import os, subprocess, sys
subprocess.run(["true"])
ours, theirs = os.pipe()
if os.fork() == 0:
    os.close(theirs); os.read(ours, 1)  # until nobody holds the other end
    os._exit(0)
"""
    outcome = run_command(python(source), readable=VENV, limits=LIMITS).outcome
    assert outcome.ok and not outcome.left_behind


def test_a_command_may_know_the_processor() -> None:
    source = "print(open('/proc/cpuinfo').read(9)); import os; print(os.path.exists('/proc/self'), os.listdir('/sys'))"
    outcome = run_command(python(source), readable=[*VENV, *PROCESSOR], limits=LIMITS).outcome
    assert outcome.text == "processor\nFalse ['devices']\n", outcome.stderr


def test_a_program_weighs_what_whoever_asked_for_it_does() -> None:
    """Linux shares the processor out among sessions, and a program has one of its own."""
    asking = """
from pathlib import Path
from espalier.sandbox import Limits, run_command, watching, weight
try: Path("/proc/self/autogroup").write_text("7")
except OSError as error: raise SystemExit(f"none: {error}")
def look(pid):
    weight.hand_on(pid)
    print(Path(f"/proc/{pid}/autogroup").read_text(), Path("/proc/self/autogroup").read_text())
watching.hand_on = look
run_command(["sh", "-c", "while :; do :; done"], limits=Limits(cpu_seconds=0.3))  # or it might be gone by then
"""
    told = subprocess.run(
        [sys.executable, "-c", asking], capture_output=True, text=True, start_new_session=True, check=False
    )
    if told.stderr.startswith("none: "):
        pytest.skip(f"this kernel has no groups of sessions, or none may be weighed: {told.stderr}")
    assert told.stdout.count("nice 7") == 2 and len(set(re.findall(r"autogroup-(\d+)", told.stdout))) == 2, told


def test_a_command_runs_into_its_limits(out: Path) -> None:
    endless = run_command(python("while True: pass"), readable=VENV, limits=Limits(cpu_seconds=1, wall_seconds=300))
    assert endless.outcome.ended is Ending.CPU_TIME
    network = run_command(python("import socket; socket.socket()"), readable=VENV, limits=LIMITS)
    assert network.outcome.ended is Ending.NETWORK
    large = run_command(python("x = bytearray(1 << 29)"), readable=VENV, limits=LIMITS)
    assert large.outcome.ended is Ending.MEMORY


def test_what_cannot_be_is_refused(tmp_path: Path, out: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        run_command(["true"], readable=[tmp_path / "none"])
    with pytest.raises(UserError, match="name the folders below it"):
        run_command(["true"], readable=[Path("/")])
    (out / "file").touch()
    with pytest.raises(UserError, match="has to be an empty folder"):
        run_command(["true"], writable=out)
    with pytest.raises(UserError, match="no such command"):
        run_command(["no-such-command-anywhere"])


def test_a_link_to_what_is_readable_leads_there(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("found")
    (tmp_path / "link").symlink_to("real")
    done = run_command(["cat", str(tmp_path / "link" / "file")], readable=[tmp_path / "link"], limits=LIMITS)
    assert done.outcome.text == "found", done.outcome.stderr


@pytest.mark.slow
def test_torch_and_safetensors_run(tmp_path: Path, out: Path) -> None:
    source = """
import torch, safetensors.torch as s
torch.manual_seed(0)
model = torch.nn.Linear(8, 8); loss = model(torch.randn(4, 8)).pow(2).mean(); loss.backward()
s.save_file({"w": model.weight.detach()}, "model.safetensors"); print(s.load_file("model.safetensors")["w"].shape)
"""
    limits = Limits(wall_seconds=600, cpu_seconds=120, memory=2 << 30, processes=64, open_files=1024)
    done = run_command(python(source), readable=VENV, writable=out, limits=limits)
    assert done.outcome.text == "torch.Size([8, 8])\n", done.outcome
    assert done.files == ("model.safetensors",)


def test_without_walls_what_this_process_holds_is_not_counted() -> None:
    held = b"x" * (600 << 20)
    done = run_command(python("pass"), limits=Limits(memory=64 << 20), walls=False)
    assert len(held) and done.outcome.ok and done.outcome.peak_memory < 64 << 20


def test_without_walls_it_runs_where_the_user_is(tmp_path: Path, out: Path) -> None:
    (tmp_path / "mine").write_text("text")
    source = f"open('left', 'w').write(open({str(tmp_path / 'mine')!r}).read())"
    done = run_command(python(source), writable=out, limits=LIMITS, walls=False)
    assert done.outcome.ok and done.files == ("left",) and (out / "left").read_text() == "text"
    assert done.outcome.cpu_seconds > 0 and not done.outcome.left_behind
    late = run_command(python("import time; time.sleep(600)"), limits=Limits(wall_seconds=0.2), walls=False)
    assert late.outcome.ended is Ending.WALL_TIME
    forked = "import os, time\nif os.fork() == 0: time.sleep(600)"
    assert run_command(python(forked), limits=LIMITS, walls=False).outcome.left_behind
