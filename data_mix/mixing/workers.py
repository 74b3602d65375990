"""A pool of processes that leaves quietly: with its parent, however that ends, and without a word at Ctrl+C."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

_PR_SET_PDEATHSIG = 1


def num_workers(workers: int) -> int:
    """As many processes as asked for, or (0) one for each core this process may use."""
    return workers or len(os.sched_getaffinity(0))


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """A pool of forked processes, to be used as a context manager. It raises BrokenProcessPool when one is killed."""
    return ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_settle, initargs=(os.getpid(),))


def _settle(parent: int) -> None:
    # Ctrl+C reaches every process of the terminal; the parent ends the pool, and its children need not complain.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        # Without this, the children of a parent that was killed wait for work for ever: see prctl(2).
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # killed before it could be asked for
        os._exit(1)
