"""The folder of a build under way: refined rows that a killed build leaves behind, and the next one goes on from."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from espalier.artifacts.lock import Lock
from espalier.command_line.console import say
from espalier.errors import UserError


class KeepScratch(UserError):
    """An error after which the refined rows are still of use: the recipe may be changed in what comes after them."""


def scratch_folder(mix: Path, decides: Any) -> Path:
    """Where the refined rows of `mix` lie while it is built; `decides` is all that they depend on."""
    text = json.dumps(decides, sort_keys=True, ensure_ascii=True)
    return mix.with_name(f".{mix.name}.work") / hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """The folder, for this process alone. It goes when the build is complete or refused, and stays when it is killed.

    Raises UserError where another process builds the same mix.
    """
    home = folder.parent
    home.mkdir(parents=True, exist_ok=True)
    lock = Lock(home / "lock")
    lock.acquire(f"mix {home.name[1:].removesuffix('.work')}")
    try:
        for other in home.iterdir():
            if other.is_dir() and other != folder:
                shutil.rmtree(other)
        if folder.is_dir() and (done := len(list(folder.glob("*.json")))):
            say(f"going on from an earlier build: {done} parts are done")
        folder.mkdir(exist_ok=True)
        for left in folder.glob(".*"):
            left.unlink()
        yield folder
    except KeepScratch:
        raise
    except UserError:
        shutil.rmtree(home, ignore_errors=True)
        raise
    else:
        shutil.rmtree(home, ignore_errors=True)
    finally:
        lock.release()
