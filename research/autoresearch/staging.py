"""What an experiment's file is run with: a folder with that file, what it may import of ours, and nothing else."""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
from pathlib import Path

from espalier.errors import UserError
from research.autoresearch.naming import Named
from research.autoresearch.tasks import HOME, Task

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that this file lies in: the locked files come from there, whatever lies beside an experiment's."""

_INSIDE = tuple(f"{HOME}/inside/{name}.py" for name in ("__init__", "answering", "reaching", "training"))
LARGEST_FILE = 64 << 10
"""Bytes of an editable file."""


def stage(task: Task, source: Path, into: Path, root: Path = ROOT) -> None:
    """Lay out the editable files of `source` beside the locked ones of the checkout `root`. UserError where one is no
    plain file."""
    for name in task.staged:
        place = into / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if name in task.editable:
            place.write_bytes(editable_text(source, name))
        else:
            shutil.copyfile(root / name, place)
    for name in _INSIDE:
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, into / name)


def check_locked(task: Task, source: Path, root: Path = ROOT) -> None:
    """Named where a tree holds another of a locked file, which is used by nobody, or one that is not in `root`."""
    ours = set(task.locked(root))
    for name in filter(lambda name: (source / name).exists(), task.locked(source)):
        if name not in ours or not filecmp.cmp(root / name, source / name, shallow=False):
            raise Named("changes a locked file", name)


def editable_text(source: Path, name: str) -> bytes:
    """An editable file as it is. UserError where it is a link, too large or not there."""
    path = source / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise UserError(f"{path}: is no plain file ({error.strerror}), and an experiment needs it") from None
    with open(descriptor, "rb") as file:
        text = file.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise UserError(f"{path}: too large a file, it has more than {LARGEST_FILE:,} bytes")
    return text


def command(stage: Path, name: str, *words: str) -> list[str]:
    """The command that runs `main` of a module of `inside/` in a staged folder."""
    begin = f"import sys; sys.path[0] = {str(stage)!r}; from research.autoresearch.inside.{name} import main; main()"
    return [sys.executable, "-B", "-c", begin, *words]
