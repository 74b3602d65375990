"""`espalier rm`: remove an artifact that nothing descends from, a part that can be made again, or what a kill left."""

from __future__ import annotations

import sys

from espalier.artifacts import records, registry
from espalier.artifacts.lineage import children
from espalier.artifacts.lock import Lock
from espalier.artifacts.registry import Artifact
from espalier.command_line import console
from espalier.command_line.listing import choose
from espalier.errors import UserError
from espalier.memory import status
from espalier.memory.access import write_or_tell

_MOST_NAMED = 10


def remove(name: str, *, yes: bool) -> None:
    """Remove what `NAME`, `kind:NAME` or `mix:NAME/packs` names, once a person or `yes` says so.

    UserError where another artifact descends from it, a process works on it, or it is no artifact.
    """
    known = registry.survey()
    name, _, part = name.partition("/")
    found = choose(name, known)
    shown = console.printable(found.spec)
    if found.folder.is_symlink():
        raise UserError(f"{shown} is a link to {found.folder.resolve()}: remove it, and what it leads to, by hand")
    if found.state == "foreign":
        raise UserError(f"{shown} stays, for it is not one of ours ({found.about}): move {found.folder} away by hand")
    if found.state in ("running", "paused"):
        raise UserError(f"{shown} stays: it is {found.state}; stop it first")
    below = children(found.spec, known)
    if part:
        _check_part(found, part, below)
    elif below:
        raise UserError(f"{shown} stays, because others descend from it; first remove: {_named(below[::-1])}")
    folder, shown = found.folder / part, f"{shown}/{part}" if part else shown
    if not yes and not _agreed(f"{shown} ({found.state}, {records.folder_bytes(folder) / 1e6:,.1f} MB)", shown):
        console.say("kept")
        return
    lock = Lock(found.folder / "lock") if (found.folder / "lock").is_file() else None
    if lock:
        lock.acquire(shown)
    try:
        records.remove_folder(folder)
    finally:
        if lock:
            lock.release()
    console.say(f"removed {shown}")
    if status.path().exists():
        write_or_tell(status.write)


def _check_part(found: Artifact, part: str, below: list[Artifact]) -> None:
    parts = [each for each in found.kind.parts if (found.folder / each).is_dir()]
    if part not in parts:
        there = f"; it has {' and '.join(parts)}" if parts else ""
        raise UserError(f"{console.printable(f'{found.spec}/{part}')}: no such part that can be removed alone{there}")
    using = [each for each in below if each.state in ("running", "paused")]
    if using:
        raise UserError(f"{console.printable(found.spec)}/{part} stays while it is read by: {_named(using)}")


def _named(artifacts: list[Artifact]) -> str:
    names = [console.printable(each.spec) for each in artifacts[:_MOST_NAMED]]
    more = len(artifacts) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _agreed(what: str, name: str) -> bool:
    if not sys.stdin.isatty():
        raise UserError(f"removing {what} wants a yes: espalier rm {name} --yes")
    return input(f"Remove {what} with all its files? [y/N] ").strip().lower() in ("y", "yes")
