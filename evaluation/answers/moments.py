"""Answers that are a time of day, a date or a century, in any writing: "11:35" is "twenty-five to twelve"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from evaluation.answers.base import Before, Leak
from evaluation.quantities.dates import centuries, clock_times, dates
from evaluation.quantities.measures import measured

Moment = tuple[int, ...]
Reader = Callable[[str], Iterator[tuple[Moment, str]]]
_LONGEST = 40
"""Characters of an answer that is a moment and nothing else."""
_TIME = re.compile(r"\d{1,2}[:h]\d\d|[ap]\.?m\b|o'?clock|uhr\b|noon|midnight", re.IGNORECASE)


def _times(text: str) -> Iterator[tuple[Moment, str]]:
    return (((minutes,), said) for minutes, said in clock_times(measured(text), text))


def _dates(text: str) -> Iterator[tuple[Moment, str]]:
    return dates(measured(text), text)


def _centuries(text: str) -> Iterator[tuple[Moment, str]]:
    return (((century,), said) for century, said in centuries(text))


@lru_cache(maxsize=1024)
def moment_sought(answer: str) -> tuple[Moment, Reader] | None:
    """The moment that `answer` is, and what finds others like it; None where it is none."""
    if len(answer) > _LONGEST:
        return None
    readers: tuple[Reader, ...] = (_times, _dates, _centuries) if _TIME.search(answer) else (_dates, _centuries)
    for read in readers:
        if found := next(read(answer), None):
            return found[0], read
    return None


def leak_of_moment(sought: tuple[Moment, Reader], answer: str, reply: str, before: Before) -> Leak | None:
    """What in `reply` says the moment, which nobody has said before."""
    moment, read = sought

    def has_it(text: str) -> bool:
        return any(found == moment for found, _ in read(text))

    if any(map(has_it, before.texts)):
        return None
    for found, said in read(reply):
        if found == moment:
            return Leak(said, "" if said.lower() == answer.lower() else "the answer in another form")
    return None
