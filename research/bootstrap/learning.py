"""What is learned of a session: the whole of it by the trunk, the pupil's worthy turns by the adapter, pairs by DPO."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from research.bootstrap.classroom.asking import TUTOR
from research.bootstrap.classroom.record import Context, Session, first_line, transcript

LEAST_APART = 3
"""Scores by which two attempts at one task differ for the better to be preferred."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """What attempts are worth at a band."""

    weights: tuple[float, ...]
    """Of each score, 0 to TOP_SCORE."""
    context: Context
    """What they are learned behind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A session, of which round it was, and what its turns of the pupil's were worth."""

    session: Session
    number: int
    scores: Mapping[int, int]
    """By the line's place; silence has none, and nothing is learned of it."""

    def row(self, at: int, band: int) -> int:
        """Which band's bar counts for a turn of a pupil of `band`: the task's, where that is above the pupil's."""
        turn = self.session.lines[at].turn
        assert turn is not None
        return max(turn.band, band)

    def weight(self, at: int, bars: Sequence[Bar], band: int) -> float:
        """What the attempt there weighs for a pupil of a band."""
        return bars[self.row(at, band)].weights[self.scores[at]]


def remembered(heard: Heard, number: int, half_life: float | None, seed: int) -> bool:
    """Whether a session is still learned from in round `number`. One of two is forgotten after each half-life, which
    weighs sessions by recency as weights would, and without rows that cost a step and count next to nothing."""
    if half_life is None:
        return True
    # By its place alone: arms of an experiment, whose loops have other names, forget the same.
    place = heard.session.id.rpartition("/")[2]
    digest = hashlib.sha256(f"{seed}/{heard.number}/{place}".encode()).digest()
    return bool(int.from_bytes(digest[:4], "big") / 2**32 < 0.5 ** ((number - heard.number) / half_life))


def trunk_row(session: Session, tutor_weight: float, divisor: float) -> dict[str, Any]:
    """A whole session as one text: what the tutor says weighs `tutor_weight`, what Sophie says 1, a model's own turns a
    `divisor`-th of that; silent ones are no line."""
    pieces: list[tuple[str, float]] = []
    for line in session.lines:
        if not line.text.strip():
            continue
        said, weight = f"{line.after_call}\n", tutor_weight if line.speaker == TUTOR else 1.0
        pieces.append((f"{line.speaker}:{'' if line.turn else said}", weight))
        if line.turn:
            pieces.append((said, 1 / divisor))
    return {"messages": _messages(pieces)}


def attempt_rows(heard: Heard, bars: Sequence[Bar], band: int) -> Iterator[dict[str, Any]]:
    """The attempts that weigh anything, as texts in which all else is read alone, for a pupil of a band.

    Those that were made behind the same first line lie in one text.
    """
    lines = heard.session.lines
    worthy = {at: weight for at in heard.scores if (weight := heard.weight(at, bars, band)) > 0}
    texts: dict[int, list[int]] = {}
    for at in sorted(worthy):
        texts.setdefault(first_line(lines, at, bars[heard.row(at, band)].context), []).append(at)
    for first, places in texts.items():
        pieces: list[tuple[str, float]] = []
        begun = first
        for at in places:
            pieces += [(transcript(lines, begun, at), 0.0), (f"{lines[at].after_call}\n", worthy[at])]
            begun = at + 1
        yield {"messages": _messages(pieces)}


def pair_rows(heard: Heard, bars: Sequence[Bar], band: int) -> Iterator[dict[str, Any]]:
    """Of each task that was tried several times: behind what stood before the first try, the best one, if it weighs
    anything, against each that is worse by LEAST_APART."""
    lines = heard.session.lines
    for places in _tries(heard):
        best = max(places, key=lambda at: heard.scores[at])
        if not heard.weight(best, bars, band):
            continue
        first = places[0]
        context = bars[heard.row(first, band)].context
        prompt = _messages([(transcript(lines, first_line(lines, first, context), first), 1.0)])
        for worse in places:
            if heard.scores[worse] + LEAST_APART <= heard.scores[best]:
                chosen, rejected = (_messages([(f"{lines[at].after_call}\n", 1.0)]) for at in (best, worse))
                yield {"messages": prompt, "chosen": chosen, "rejected": rejected}


def _tries(heard: Heard) -> Iterator[list[int]]:
    """The places of the tries at each task, in order, silent ones left out."""
    tries: list[int] = []
    for at, line in enumerate(heard.session.lines):
        if line.turn and line.turn.attempt == 0 and tries:
            yield tries
            tries = []
        if at in heard.scores:
            tries.append(at)
    if tries:
        yield tries


def _messages(pieces: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Pieces of one text; neighbours of one weight are one piece."""
    joined: list[tuple[str, float]] = []
    for text, weight in pieces:
        if joined and joined[-1][1] == weight:
            joined[-1] = (joined[-1][0] + text, weight)
        else:
            joined.append((text, weight))
    return [{"role": "text", "content": text, "weight": weight} for text, weight in joined]
