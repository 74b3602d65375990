"""Sessions played in lockstep: whoever is to speak next in any of them speaks in one batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from research.bootstrap.classroom.play import Called, Playing, Reply
from research.bootstrap.classroom.record import Session

Says = Callable[[Sequence[str], Sequence[int], Sequence[int]], Sequence[Reply]]
"""What the pupil says after each transcript, drawn by its own seed, in at most so many tokens."""


def play_all(playing: Sequence[Playing], says: Says, *, seed: str, tell: Callable[[int], None]) -> list[Session]:
    """All sessions to their ends, in order. What is said in one depends on no other: its seeds are of its own place and
    turn. `tell` hears how many are over."""
    sessions: dict[int, Session] = {}
    waiting = dict[int, Called]()
    for place, each in enumerate(playing):
        _go_on(each, place, None, waiting, sessions)
    turn = 0
    while waiting:
        tell(len(sessions))
        places, (transcripts, longest) = list(waiting), zip(*waiting.values(), strict=True)
        replies = says(transcripts, [_seed(seed, place, turn) for place in places], longest)
        waiting = {}
        for place, reply in zip(places, replies, strict=True):
            _go_on(playing[place], place, reply, waiting, sessions)
        turn += 1
    tell(len(sessions))
    return [sessions[place] for place in range(len(playing))]


def _go_on(
    playing: Playing, place: int, reply: Reply | None, waiting: dict[int, Called], sessions: dict[int, Session]
) -> None:
    try:
        waiting[place] = playing.send(reply) if reply else next(playing)
    except StopIteration as over:
        sessions[place] = over.value


def _seed(seed: str, place: int, turn: int) -> int:
    digest = hashlib.sha256(f"{seed}/{place}/{turn}".encode()).digest()
    return int.from_bytes(digest[:6], "big")
