"""The longest sequence that trains, found by trying as few lengths as may be, and none twice."""

from __future__ import annotations

from collections.abc import Callable


def longest(trains: Callable[[int], bool], *, guess: int, step: int, limit: int, close: float = 0.03) -> int:
    """The longest multiple of `step`, up to `limit`, that trains; 0 where not even one step does.

    A length that trains is taken to say so of all shorter ones. From `guess` on, lengths grow or shrink by a quarter
    until one trains and one does not; then the middle between them is tried, until they are one step, or a share of
    `close`, apart.
    """
    top = limit // step
    good, bad = 0, top + 1
    here = min(max(1, guess // step), top)
    while bad - good > 1:
        if trains(here * step):
            good = here
        else:
            bad = here
        if bad > top:
            here = min(top, max(good + 1, good * 5 // 4))
        elif good == 0:
            here = max(1, bad * 3 // 4)
        elif bad - good <= close * good:
            break
        else:
            here = (good + bad) // 2
    return good * step
