"""What is editable, what is locked, and what is laid before a training."""

import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from research.autoresearch.tasks import KIT, TASKS, task_called


def test_only_its_training_can_be_edited() -> None:
    for name, task in TASKS.items():
        assert task.editable == (f"research/autoresearch/{name}/train.py",) == (task.training,)


def test_all_else_is_locked() -> None:
    locked = TASKS["language"].locked(repo_root())
    assert "research/autoresearch/language/train.py" not in locked
    assert {"research/autoresearch/tasks.py", "research/autoresearch/language/prepare.py", *KIT} <= set(locked)
    assert not [path for path in locked if path.endswith(".pyc") or not (repo_root() / path).is_file()]


def test_the_kit_is_all_that_a_training_imports() -> None:
    kit = sorted(path for path in KIT if "/kit/" in path)
    assert kit == sorted(
        f"research/autoresearch/kit/{path.name}" for path in (repo_root() / kit[0]).parent.glob("*.py")
    )
    assert set().union(*(code_behind(path) for path in kit)) == set(KIT)


def test_a_training_runs_where_nothing_else_of_ours_is(tmp_path: Path) -> None:
    task = TASKS["language"]
    for path in task.staged:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((repo_root() / path).read_bytes())
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "train.txt").write_bytes(b"One and two. " * 100)
    # An editable install would lend what is missing here.
    code = (
        "import runpy, sys; sys.meta_path = [each for each in sys.meta_path if '__editable__' not in repr(each)]; "
        f"sys.path = [each for each in sys.path if each not in ('', {str(repo_root())!r})]; "
        "sys.argv = ['train.py', '--given', 'given', '--out', 'out', '--budget', '1', '--budget_in', 'tokens']; "
        f"sys.path.insert(0, {str(tmp_path / task.folder)!r}); "
        f"runpy.run_path({str(tmp_path / task.training)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_a_task_that_is_none_is_told() -> None:
    with pytest.raises(UserError, match="language, mazes"):
        task_called("chess")
