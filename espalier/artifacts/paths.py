"""Where things are: the checkout, the workspace, and artifacts by name. A name becomes a path only here."""

import os
import re
from functools import cache
from pathlib import Path

from espalier.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@cache
def repo_root() -> Path:
    """The checkout this code lies in."""
    return Path(__file__).resolve().parents[2]


def workspace() -> Path:
    """The folder all artifacts live under: `ESPALIER_HOME` where it is set, the checkout otherwise."""
    home = os.environ.get("ESPALIER_HOME")
    if home:
        return Path(home).expanduser().resolve()
    return repo_root()


def check_name(name: str) -> str:
    """`name` itself if it may name an artifact; UserError otherwise, so that no name reaches outside its folder."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise UserError(
            f"{name!r} cannot be a name: use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"
        )
    return name


def artifact(kind: str, name: str) -> Path:
    """The folder of one artifact, whether it exists or not; `kind` is a folder of the table in `kinds.py`."""
    return workspace() / kind / check_name(name)


def agents_dir() -> Path:
    """The written memory, which is committed: run log and reports."""
    return workspace() / "agents"
