"""Where two models' greedy replies part, and how near the two choices were there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exports.checks.trained import Reply, along

_END = -1
"""Stands for whichever token ends a reply."""


@dataclass(frozen=True, kw_only=True)
class Parting:
    """Where a reply leaves the one that was wanted."""

    place: int
    """Whose reply it is."""
    token: int
    """After how many tokens they part."""
    margin: float
    """By how much the reference prefers its own choice there, in logits: near 0 it is a tie, and rounding decides."""


def partings(
    reference: Any, stop_ids: frozenset[int], prompts: Sequence[list[int]], wanted: list[Reply], found: list[Reply]
) -> list[Parting]:
    """Each place where a reply of `found` differs from that of `wanted`, which the model `reference` gave."""
    differing = [
        (place, at)
        for place, (one, other) in enumerate(zip(wanted, found, strict=True))
        if (at := first_difference(_path(one), _path(other))) is not None
    ]
    asked = [prompts[place] for place, _ in differing]
    upto = [wanted[place].ids[:at] for place, at in differing]
    parted = []
    for (place, at), logits in zip(differing, along(reference, asked, upto), strict=True):
        one, other = (_logit(logits[-1], _path(each), at, stop_ids) for each in (wanted[place], found[place]))
        parted.append(Parting(place=place, token=at, margin=one - other))
    return parted


def _path(reply: Reply) -> list[int]:
    return [*reply.ids, _END] if reply.ended else list(reply.ids)


def first_difference(one: list[int], other: list[int]) -> int | None:
    """The first place where two lists of tokens differ; None where they are the same."""
    at = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if at is None and len(one) != len(other):
        return min(len(one), len(other))
    return at


def _logit(logits: Any, path: list[int], at: int, stop_ids: frozenset[int]) -> float:
    """The logit of what stands at a place of a reply; the best of all where nothing does, for it was cut off there."""
    if at >= len(path):
        return float(logits.max())
    if path[at] == _END:
        return max(float(logits[token]) for token in stop_ids)
    return float(logits[path[at]])
