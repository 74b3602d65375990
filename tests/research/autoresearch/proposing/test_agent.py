"""Agents are programs of any kind: what they leave is taken, and nothing of them goes on."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from espalier.errors import UserError
from research.autoresearch.proposing.agent import AgentProposer, run_agent
from research.autoresearch.proposing.base import NothingProposed, Proposal
from research.autoresearch.tasks import TASKS

TASK = TASKS["language"]
PATH = TASK.training
LONG = 600.0
SLEEPS = f"import time; time.sleep({LONG})"


class Repository:
    """A worktree with the editable file in it, and agents written in Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tree"
        (self.folder / PATH).parent.mkdir(parents=True)
        (self.folder / PATH).write_text("x = 1\n")
        (self.folder / "other.py").write_text("y = 1\n")
        self.agents = folder / "agents"
        self.agents.mkdir()
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "base")

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        done = subprocess.run(["git", *who, *words], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def command(self, code: str) -> str:
        script = self.agents / f"{len(list(self.agents.iterdir()))}.py"
        script.write_text(code)
        return f"'{sys.executable}' '{script}'"

    def propose(self, code: str, minutes: float = 60.0) -> Proposal:
        history = [{"number": 0, "status": "keep", "val_bpb": 2.5, "description": "baseline"}]
        return AgentProposer(self.command(code), TASK, minutes=minutes).propose(self.folder, history, 1, 0)

    def complaint(self, code: str, minutes: float = 60.0) -> NothingProposed:
        with pytest.raises(NothingProposed) as caught:
            self.propose(code, minutes)
        return caught.value


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def names(tmp_path: Path) -> Iterator[Path]:
    """A file for the numbers of processes, of which none may be there at the end, if they came so far."""
    file = tmp_path / "numbers"
    yield file
    for number in map(int, file.read_text().split() if file.exists() else ()):
        assert not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE


def test_an_agent_is_told_contract_file_and_history_and_what_it_says_is_taken(repository: Repository) -> None:
    code = f"""
import sys
told = sys.stdin.read()
assert told.startswith("# Autoresearch") and "experiment 1 " in told and "0, keep, 2.500000, baseline" in told
assert "{PATH}" in told and not sys.stdin.isatty()
open("{PATH}", "a").write("x = 2\\n")
print("thinking: description: none")
print("description: twice as much")
print("**Hypothesis:** more is")
print("better")
"""
    proposal = repository.propose(code)
    assert (proposal.description, proposal.hypothesis) == ("twice as much", "more is better")
    assert proposal.kind == "agent" and proposal.details["exit"] == "0" and "thinking" in proposal.details["output"]
    assert repository.git("status", "--porcelain") == f"M {PATH}"


def test_a_commit_speaks_for_an_agent_that_says_nothing(repository: Repository) -> None:
    code = f"""
import subprocess
open("{PATH}", "a").write("x = 2\\n")
who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
subprocess.run(["git", *who, "commit", "-qam", "wider\\n\\nsince narrow is slow"], check=True)
"""
    proposal = repository.propose(code)
    assert (proposal.description, proposal.hypothesis) == ("wider", "since narrow is slow")


def test_a_silent_agent_has_a_description_all_the_same(repository: Repository) -> None:
    assert "did not describe" in repository.propose(f"open('{PATH}', 'a').write('x = 2')").description


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("print('I looked around')", "changed nothing"),
        ("open('other.py', 'w').write('y = 2')", "changed nothing"),
        (f"open('{PATH}', 'a').write('x = 2'); raise SystemExit(3)", "failed: 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "failed: -9"),
        ("import shutil, pathlib; shutil.rmtree('.git'); pathlib.Path('x').touch()", "left no repository"),
        ("import os, signal; os.kill(os.getppid(), signal.SIGKILL)", "ended whoever watched over it"),
    ],
)
def test_an_agent_without_a_change_has_proposed_nothing(repository: Repository, code: str, why: str) -> None:
    nothing = repository.complaint(code)
    assert why in nothing.why and "\n" not in nothing.why and "output" in nothing.details


def test_an_agent_that_never_returns_is_ended(repository: Repository, names: Path) -> None:
    code = f"import os; open({str(names)!r}, 'w').write(str(os.getpid())); print('on it', flush=True); {SLEEPS}"
    nothing = repository.complaint(code, minutes=2 / 60)
    assert "took more than" in nothing.why and nothing.details["exit"] == "late"


def test_nothing_that_an_agent_started_goes_on(repository: Repository, names: Path) -> None:
    # A child, one in a session of its own, and a daemon whose parents are gone: its output is ours, and stays open.
    code = f"""
import os, signal, subprocess, sys
def sleeper(**how):
    return subprocess.Popen([sys.executable, "-c", "{SLEEPS}"], **how)
found = [sleeper().pid, sleeper(start_new_session=True).pid]
reading, writing = os.pipe()
if not os.fork():
    os.setsid()
    if not os.fork():
        os.write(writing, str(sleeper(start_new_session=True).pid).encode())
    os._exit(0)
os.wait()
found.append(int(os.read(reading, 20)))
open({str(names)!r}, "w").write(" ".join(map(str, found)))
open("{PATH}", "a").write("x = 2\\n")
"""
    assert repository.propose(code).details["exit"] == "0"
    assert len(names.read_text().split()) == 3


def test_what_an_agent_prints_is_kept_within_bounds(repository: Repository) -> None:
    code = f"""
import sys
open("{PATH}", "a").write("x = 2\\n")
print("begun")
for _ in range(400):
    sys.stdout.write("a" * 100_000)
sys.stderr.buffer.write(b"\\xff\\n")
print("\\ndescription: much ado", flush=True)
"""
    proposal = repository.propose(code)
    output = proposal.details["output"]
    assert proposal.description == "much ado" and output.startswith("begun") and len(output) < 40_000
    assert "bytes left out" in output


def test_an_agent_ends_with_whoever_asked(repository: Repository, names: Path) -> None:
    fifo = repository.agents / "fifo"
    os.mkfifo(fifo)
    code = f"""
import os
open({str(names)!r}, "w").write(str(os.getpid()))
open({str(fifo)!r}, "w").write("begun")
{SLEEPS}
"""
    ask = f"""
from pathlib import Path
from research.autoresearch.proposing.agent import AgentProposer
from research.autoresearch.tasks import TASKS
AgentProposer({repository.command(code)!r}, TASKS["language"]).propose(Path({str(repository.folder)!r}), [], 1, 0)
"""
    asker = subprocess.Popen([sys.executable, "-c", ask])
    assert fifo.read_text() == "begun"
    agent = psutil.Process(int(names.read_text()))
    watcher = agent.parent()
    asker.send_signal(signal.SIGKILL)
    asker.wait()
    psutil.wait_procs([agent, *([watcher] if watcher else [])])


def test_ctrl_c_ends_an_agent_and_is_ours(repository: Repository, names: Path) -> None:
    fifo = repository.agents / "fifo"
    os.mkfifo(fifo)
    code = (
        f"import os; open({str(names)!r}, 'w').write(str(os.getpid())); open({str(fifo)!r}, 'w').write('b'); {SLEEPS}"
    )

    def interrupt() -> None:
        fifo.read_text()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        repository.propose(code)


def test_an_agent_can_read_from_a_remote_and_push_to_none(repository: Repository, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "remote"], check=True)
    repository.git("remote", "add", "origin", str(tmp_path / "remote"))
    ended = run_agent(["git", "push", "origin", "HEAD:refs/heads/x"], repository.folder, b"", LONG)
    assert ended.how != "0" and "no-push" in ended.output
    assert run_agent(["git", "fetch", "origin"], repository.folder, b"", LONG).how == "0"
    repository.git("push", "-q", "origin", "HEAD:refs/heads/x")


def test_what_cannot_be_started_is_said_before_and_after(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such command"):
        AgentProposer("no-such-agent --fast", TASK)
    with pytest.raises(UserError, match="No closing quotation"):
        AgentProposer("agent 'x", TASK)
    (tmp_path / "text").write_text("words")
    (tmp_path / "text").chmod(0o755)
    assert "cannot be started" in run_agent([str(tmp_path / "text")], repository.folder, b"", LONG).how


def test_a_record_names_the_program_and_not_its_arguments() -> None:
    assert AgentProposer("env KEY=secret agent", TASK).name == "agent:env"
