"""What an evaluation stands on, as hashes: in every row, so that no two rows are compared that do not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from espalier.artifacts.records import sha256_file
from research.autoresearch.evaluating import checkpoint
from research.autoresearch.tasks import Task


def hashes(task: Task, root: Path, source: Path, folder: Path, corpus: Path) -> dict[str, str]:
    """SHA-256 of the locked files of `root`, each secret file, the editable file and the checkpoint in `folder`."""
    secrets = sorted(path for path in (corpus / "secret").iterdir() if path.is_file())
    return {
        "locked": of_files(root, task.locked(root)),
        "sandbox": of_files(
            root, (path.relative_to(root).as_posix() for path in root.glob("espalier/sandbox/**/*.py"))
        ),
        **{path.stem: sha256_file(path) for path in secrets},
        "editable": of_files(source, task.editable),
        "checkpoint": sha256_file(folder / checkpoint.NAME),
    }


def of_files(root: Path, names: Iterable[str]) -> str:
    """Of files below a folder, by their names and what they hold."""
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{sha256_file(root / name)}  {name}\n".encode())
    return digest.hexdigest()
