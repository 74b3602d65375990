"""The contract holds: every command of it is run as it is written, each block in a shell that remembers nothing."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root
from research.autoresearch.tasks import HOME, TASKS

PROGRAM = (repo_root() / HOME / "program.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", PROGRAM, re.MULTILINE | re.DOTALL)
DESCRIBED = re.compile(r"[0-9a-f]{7}\t(\d+\.\d{6})\t\d+\.\d\t(keep|discard|crash)\t[^\t]+")
SMALL = {"language": {"MIX": "smoke", "PREPARE": "--val_bytes 65536"}, "mazes": {"PREPARE": "--mazes 8"}}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of this code, in a repository of its own."""
    folder = tmp_path_factory.mktemp("checkout") / "espalier"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=repo_root(), check=True, capture_output=True, text=True).stdout.split("\0"):
        if (repo_root() / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(repo_root() / name, folder / name)
    return folder


class Follower:
    """Whoever does what the contract says: all commands are run in `folder`."""

    def __init__(self, checkout: Path, task: str, tag: str) -> None:
        self.task, self.folder, self.tree = task, checkout, checkout.parent / f"autoresearch-{tag}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **{f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TASK": task,
            "TAG": tag,
            "BUDGET": "1",
            **SMALL[task],
        }
        if not (checkout / ".git").exists():
            self.do("git init -q && git add . && git commit -qm base")

    def set_up(self) -> None:
        """Do what the contract begins with, and go where it leads; what was said there stands in run.env."""
        self.do(BLOCKS[0])
        self.folder = self.tree
        for name in ("TASK", "TAG", "BUDGET"):
            del self.environment[name]

    def will_add(self, line: str) -> None:
        """What is changed where the contract says to change the file."""
        editor = self.folder.parent / "editor"
        editor.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'a').write({line!r} + '\\n')\n")
        editor.chmod(0o755)
        self.environment["EDITOR"] = str(editor)

    def do(self, block: str) -> str:
        """Run a block, which has to succeed; what it printed."""
        done = subprocess.run(
            ["sh", "-eu", "-c", block], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def rows(self) -> list[str]:
        return (self.folder / f"results-{self.task}.tsv").read_text().splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_every_command_does_what_it_says(checkout: Path, task: str) -> None:
    follower = Follower(checkout, task, f"all-{task}")
    _, data, baseline, look, edit, commit, run, crashed, decide, loop = BLOCKS
    follower.set_up()
    follower.do(data)
    assert f"corpus autoresearch-{task} is already complete" in follower.do(data)
    assert "val_bpb:" in follower.do(baseline)
    assert follower.rows[0] == "commit\tval_bpb\tmemory_gb\tstatus\tdescription" and len(follower.rows) == 2
    follower.will_add("# Another line.")
    for block in (look, edit, commit, run, decide):
        follower.do(block)
    found = [DESCRIBED.fullmatch(row) for row in follower.rows[1:]]
    assert all(found), follower.rows
    (first, _), (second, status) = (match.groups() for match in found if match)
    kept = float(second) < float(first)
    assert status == ("keep" if kept else "discard")
    commits = follower.do("git log --format=%s").splitlines()
    assert commits == ["a longer warmup"] * kept + ["base"]

    follower.will_add("1 / 0")
    for block in (edit, commit, run):
        follower.do(block)
    assert "ZeroDivisionError" in follower.do(crashed)
    follower.do(decide)
    assert follower.rows[-1].split("\t")[1:4] == ["0.000000", "0.0", "crash"]
    assert follower.do("git log --format=%s").splitlines() == commits
    assert not follower.do("git status --porcelain")

    if task == "language":  # trainings of mazes are too near to what the loop's clock allows on a busy machine
        follower.do(loop)
    follower.folder = checkout
    assert not follower.do("git status --porcelain --untracked-files=no")


def test_a_commit_that_touches_more_is_refused_as_the_contract_says(checkout: Path) -> None:
    follower = Follower(checkout, "language", "cheat")
    follower.set_up()
    (follower.folder / HOME / "evaluate.py").write_text("print('val_bpb: 0.1')\n")
    follower.do("git commit -qam cheat")
    check = BLOCKS[5].splitlines()[-1]
    assert "check.py" in check and "refused" in follower.do(f". ./run.env\n! {check}")


def test_a_tag_is_taken_once_and_a_checkout_has_to_be_clean(checkout: Path) -> None:
    Follower(checkout, "language", "once").set_up()
    with pytest.raises(AssertionError, match="already exists"):
        Follower(checkout, "language", "once").set_up()
    readme = (checkout / "README.md").read_bytes()
    (checkout / "README.md").write_text("mine")
    try:
        with pytest.raises(AssertionError):
            Follower(checkout, "language", "other").set_up()
    finally:
        (checkout / "README.md").write_bytes(readme)
    assert not (checkout.parent / "autoresearch-other").exists()


def test_a_row_is_of_the_last_run_and_the_best_is_the_lowest_that_was_kept(checkout: Path) -> None:
    follower = Follower(checkout, "language", "rows")
    follower.set_up()
    follower.do("> results-language.tsv")
    for status, value in (("keep", "1.5"), ("keep", "9.25"), ("discard", "0.5")):
        (follower.folder / "run.log").write_text(f"val_bpb:   9.0\n---\nval_bpb:   {value}\npeak_vram_mb:  1536.0\n")
        follower.do(f". ./run.env\nlog {status} 'more of it'")
    assert [row.split("\t")[1:] for row in follower.rows] == [
        ["1.500000", "1.5", "keep", "more of it"],
        ["9.250000", "1.5", "keep", "more of it"],
        ["0.500000", "1.5", "discard", "more of it"],
    ]
    assert follower.do(". ./run.env\nbest") == "1.500000\n"


def test_what_the_contract_names_is_there() -> None:
    named = re.findall(r"`(research/autoresearch/[\w./]+)`", PROGRAM)
    assert named and all((repo_root() / name).exists() for name in named)
    flags = set(re.findall(r"--[a-z_]+", " ".join(re.findall(r"`(--[^`]+)`", PROGRAM))))
    config = (repo_root() / HOME / "looping" / "config.py").read_text(encoding="utf-8")
    training = {"--out", "--given", "--seed", "--no"}
    assert all(f"    {flag[2:]}: " in config for flag in flags - training), flags
    assert shlex.split(" ".join(BLOCKS[0].splitlines()[:4]), comments=True)
