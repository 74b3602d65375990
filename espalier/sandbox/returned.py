"""The files that a command left, taken over one by one: nothing but plain files under plain names comes back."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from espalier.sandbox.limits import Limits
from espalier.sandbox.program import is_plain_name


def take_over(folder: int, into: Path, limits: Limits, taken: list[str], refused: dict[str, str]) -> None:
    """Copy what lies below the descriptor `folder` into that empty folder: the names, and why others were refused.

    Nothing can change there any more: all that wrote to it is gone.
    """
    room = limits.space
    for name, parent, entry in _below(folder, "", refused):
        try:
            room -= _take(name, parent, entry, into, room)
            taken.append(name)
        except _Refusal as why:
            refused[name] = str(why)
        except OSError as error:
            refused[name] = error.strerror or str(error)


class _Refusal(Exception):
    pass


def _below(folder: int, prefix: str, refused: dict[str, str]) -> Iterator[tuple[str, int, str]]:
    """Every entry that is no folder, as its name, and the descriptor of its folder with its name there."""
    for entry in sorted(os.listdir(folder)):
        name = prefix + entry
        if not is_plain_name(name):
            refused[name] = "not a plain name"
        elif stat.S_ISDIR(os.stat(entry, dir_fd=folder, follow_symlinks=False).st_mode):
            try:
                below = os.open(entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            except OSError as error:
                refused[name] = error.strerror or str(error)
                continue
            try:
                yield from _below(below, name + "/", refused)
            finally:
                os.close(below)
        else:
            yield name, folder, entry


def _take(name: str, parent: int, entry: str, into: Path, room: int) -> int:
    """Copy one file, and say how many bytes it has."""
    if not stat.S_ISREG(os.stat(entry, dir_fd=parent, follow_symlinks=False).st_mode):
        raise _Refusal("not a plain file")
    descriptor = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
    with open(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if facts.st_nlink != 1:
            raise _Refusal("has other names")
        if facts.st_size > room:
            raise _Refusal("too large, with the files before it")
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as copy:
            shutil.copyfileobj(file, copy)
    return facts.st_size
