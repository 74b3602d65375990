"""What a program reaches for that is not its own, told as it happens.

The walls hold it either way; this gives it a name. Python's own ways are seen, those of compiled code are not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

MARK = "(autoresearch) it "
"""Begins a line of stderr that tells of it."""

_MOST = 20
_WRITTEN = ("/box", "/dev")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/proc", "/sys", "/dev", "/box")
_READS = {"os.listdir", "os.scandir", "os.chdir"}
_LINKS = {"os.link", "os.symlink"}
_SIGNALS = {"os.kill", "os.killpg"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def tell_of_reaching(own: Sequence[str]) -> None:
    """From now on, say on stderr of each path outside the folders `own`, the system's and Python's that is opened, and
    of each signal to another process."""
    roots = [os.path.realpath(path) for path in (*_SYSTEM, sys.prefix, sys.base_prefix, *own, ".")]
    written = [os.path.realpath(path) for path in (*_WRITTEN, os.environ.get("TMPDIR", "/box"), ".")]
    told: set[str] = set()
    way_out = os.dup(2)

    def tell(what: str) -> None:
        if what not in told and len(told) < _MOST:
            told.add(what)
            os.write(way_out, f"{MARK}{what[:300]!r}\n".encode())

    def outside(path: object, roots: Sequence[str] = roots) -> str | None:
        if not isinstance(path, str | bytes | os.PathLike):
            return None
        place = os.path.realpath(os.fsdecode(path))
        return None if any(place == root or place.startswith(root + "/") for root in roots) else place

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = any(letter in str(mode or "") for letter in "wax+") or (
                mode is None and isinstance(flags, int) and bool(flags & _WRITING)
            )
            if place := outside(path, written if writes else roots):
                tell(f"{'writes' if writes else 'reads'} outside: {place}")
        elif event in _READS or event in _LINKS:
            if arguments and (place := outside(arguments[0])):
                tell(f"reads outside: {place}")
        elif event in _SIGNALS and arguments[0] != os.getpid():
            tell("sends signals to others")

    sys.addaudithook(hear)
