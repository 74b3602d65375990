"""How many threads a run computes with on a processor: as few as are as fast as more.

Threads wait for each other at every operation. In a small model, where operations are short, a second thread can cost
more than it brings, and where another program wants the processor too, the waiting can cost most of the speed. So a
run's own shapes are tried at its start, on the machine as busy as it is; the answer is part of the run's identity.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

_TRIAL_S = 0.3
_MIN_TRIALS = 7
_AS_FAST = 1.1
"""How much longer than with the fastest number of threads a step may take with fewer."""


def choose_threads(num_tokens: int, width: int, feed_forward: int) -> int:
    """The fewest threads with which a layer's forward and backward pass over `num_tokens` is as fast as with more.

    Takes a second at most; random states and the number of threads in use are left as they were.
    """
    before = torch.get_num_threads()
    numbers = [before]
    while numbers[-1] > 1:
        numbers.append(numbers[-1] // 2)
    if numbers == [1]:
        return 1
    work = _layer(num_tokens, width, feed_forward)
    try:
        seconds = {number: _median(work, number) for number in numbers}
    finally:
        torch.set_num_threads(before)
    return min(number for number in numbers if seconds[number] <= _AS_FAST * min(seconds.values()))


def _median(work: Callable[[], object], threads: int) -> float:
    torch.set_num_threads(threads)
    work()
    found: list[float] = []
    begun = time.perf_counter()
    while len(found) < _MIN_TRIALS or time.perf_counter() - begun < _TRIAL_S:
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
        if time.perf_counter() - begun > 4 * _TRIAL_S:  # large shapes: a few trials tell
            break
    return statistics.median(found)


def _layer(num_tokens: int, width: int, feed_forward: int) -> Callable[[], object]:
    """Forward and backward pass of what a decoder layer computes most of its time."""
    made = torch.Generator().manual_seed(0)
    tokens = torch.randn(num_tokens, width, generator=made)
    inner = [torch.randn(width, width, generator=made, requires_grad=True) for _ in range(4)]
    up = torch.randn(width, feed_forward, generator=made, requires_grad=True)
    down = torch.randn(feed_forward, width, generator=made, requires_grad=True)

    def work() -> None:
        hidden = tokens
        for matrix in inner:
            hidden = torch.nn.functional.rms_norm(hidden @ matrix, (width,))
        (torch.nn.functional.silu(hidden @ up) @ down).sum().backward()  # type: ignore[no-untyped-call]

    return work
