"""One longer command over given folders, whose own folder comes back checked."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from espalier.errors import UserError
from espalier.sandbox.inside.request import pack
from espalier.sandbox.limits import Limits
from espalier.sandbox.outcome import Outcome
from espalier.sandbox.place import ENVIRONMENT
from espalier.sandbox.pool import bounds_of
from espalier.sandbox.returned import take_over
from espalier.sandbox.support import begin
from espalier.sandbox.unwalled import run_watched
from espalier.sandbox.worker import Keeper

_NEVER = ("/", "/proc", "/sys", "/dev", "/run")


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that has ended."""

    outcome: Outcome
    files: tuple[str, ...]
    """The names of what came back, in `writable`."""
    refused: Mapping[str, str]
    """What did not come back, and why: links, devices, names that are none, more than the limits allow."""


def run_command(
    argv: Sequence[str],
    *,
    readable: Sequence[Path] = (),
    writable: Path | None = None,
    limits: Limits | None = None,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    walls: bool = True,
) -> Done:
    """Run it in an empty folder of its own, which is copied into the empty folder `writable` when all of it has ended.

    It sees the files and folders `readable` under their own paths and cannot change them, what the system's and this
    Python's folders hold, and nothing else. A FIFO or a socket in a readable folder is a way out: have none there.
    UserError where there can be no walls, or a folder is not what it has to be. Without `walls`, which is for a user
    who typed it, since a GPU is only to be had outside, all that the user can read and change is in its reach.
    """
    limits = limits or Limits()
    for path in readable:
        if not path.exists():
            raise UserError(f"{path}: is to be readable in the sandbox, and does not exist")
        if str(path.resolve()) in _NEVER:
            raise UserError(f"{path}: cannot be readable in the sandbox, name the folders below it that are needed")
    if writable is not None and (not writable.is_dir() or any(writable.iterdir())):
        raise UserError(f"{writable}: what comes out of the sandbox is copied into it, so it has to be an empty folder")
    found = shutil.which(argv[0])
    if found is None:
        raise UserError(f"{argv[0]}: no such command")
    files: list[str] = []
    refused: dict[str, str] = {}

    def after(folder: int) -> None:
        if writable is not None:
            take_over(folder, writable, limits, files, refused)

    argv = [str(Path(found).absolute()), *argv[1:]]
    bounds = bounds_of(limits, addresses=False)
    if not walls:
        with tempfile.TemporaryDirectory(prefix="espalier-") as name:
            outcome = run_watched(argv, Path(name), dict(environment or {}), stdin, bounds, limits)
            folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
            try:
                after(folder)
            finally:
                os.close(folder)
        return Done(outcome=outcome, files=tuple(files), refused=refused)
    kept = begin(readable)
    try:
        assert isinstance(kept, Keeper)
        surroundings = {**ENVIRONMENT, **(environment or {})}
        payload = pack({"argv": argv, "environment": surroundings, "bounds": bounds, "links": []}, stdin, {})
        outcome = kept.run(payload, limits, after)
    finally:
        kept.close()
    return Done(outcome=outcome, files=tuple(files), refused=refused)
