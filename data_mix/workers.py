"""A pool of processes that leaves quietly: with its parent, however that ends, and without a word at Ctrl+C."""

from __future__ import annotations

import ctypes
import signal
import sys
from multiprocessing import get_context
from multiprocessing.pool import Pool

_PR_SET_PDEATHSIG = 1


def worker_pool(num_workers: int) -> Pool:
    """A pool of forked processes, to be used as a context manager."""
    return get_context("fork").Pool(num_workers, initializer=_settle)


def _settle() -> None:
    # Ctrl+C reaches every process of the terminal; the parent ends the pool, and its children need not complain.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        # Without this, the children of a parent that was killed wait for work for ever: see prctl(2).
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
