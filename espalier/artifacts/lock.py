"""One process per run: a lock the kernel gives back when its holder dies, by whatever death.

Not `filelock`: it cannot tell who holds a lock, which errors name and `espalier runs` shows.
"""

import fcntl
import os
import time
from pathlib import Path

from espalier.errors import UserError


class Lock:
    """An exclusive `flock` on a file, which holds the pid of its owner for others to read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self, what: str, *, patience_s: float = 1.0) -> None:
        """Take the lock. UserError with the owner's pid where another process keeps it.

        `patience_s` outlasts `holder`, which borrows the lock for an instant to see whether it is free.
        """
        deadline = time.monotonic() + patience_s
        while not self._try():
            if time.monotonic() > deadline:
                raise UserError(f"{what} is in use by process {holder(self._path)}; wait for it or stop it first")
            time.sleep(0.02)
        assert self._handle is not None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _try(self) -> bool:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The file may have been removed, with its run, between opening and locking it.
            if self._path.exists() and os.path.samestat(os.fstat(handle), self._path.stat()):
                self._handle = handle
                return True
        except BlockingIOError:
            pass
        os.close(handle)
        return False


def holder(path: Path) -> int | None:
    """The pid of the process that holds the lock now (0: not known); None where nobody does."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        pid = os.pread(handle, 20, 0)
        return int(pid) if pid.isdigit() else 0
    finally:
        os.close(handle)
