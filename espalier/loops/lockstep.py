"""Generators played in lockstep: whoever is to be answered next in any of them is answered in one batch.

A generator yields what it asks, is sent what was said to that, and returns what came of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

Asked = TypeVar("Asked")
Said = TypeVar("Said")
Over = TypeVar("Over")


def play_all(
    playing: Sequence[Generator[Asked, Said, Over]],
    says: Callable[[Sequence[Asked], Sequence[tuple[int, int]]], Sequence[Said]],
    *,
    tell: Callable[[int], None] = lambda over: None,
) -> list[Over]:
    """All of them to their ends: what each returned, in order.

    `says` answers a batch; with each of what is asked it is given the generator's place and how often that was answered
    before, so that what is drawn by them depends on no neighbour. `tell` hears how many are over.
    """
    over: dict[int, Over] = {}
    waiting: dict[int, Asked] = {}
    for place, each in enumerate(playing):
        _go_on(each, place, None, waiting, over)
    turn = 0
    while waiting:
        tell(len(over))
        places = list(waiting)
        said = says([waiting[place] for place in places], [(place, turn) for place in places])
        waiting = {}
        for place, reply in zip(places, said, strict=True):
            _go_on(playing[place], place, reply, waiting, over)
        turn += 1
    tell(len(over))
    return [over[place] for place in range(len(playing))]


def seed_of(*parts: Any) -> int:
    """A seed for what is said, of all that it may depend on: 48 bits."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big")


def _go_on(
    playing: Generator[Asked, Said, Over],
    place: int,
    said: Said | None,
    waiting: dict[int, Asked],
    over: dict[int, Over],
) -> None:
    try:
        waiting[place] = next(playing) if said is None else playing.send(said)
    except StopIteration as ended:
        over[place] = ended.value
