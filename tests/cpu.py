"""How long something computes, on however busy a machine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seconds_below(limit: float) -> Iterator[None]:
    """The block takes less than so many seconds of the processor: waiting for it, while others have it, is not counted.

    For what grows too fast, and would take minutes: leave room for a slow machine, tenfold or more.
    """
    began = time.thread_time()
    yield
    spent = time.thread_time() - began
    assert spent < limit, f"{spent:.1f} s of the processor"
