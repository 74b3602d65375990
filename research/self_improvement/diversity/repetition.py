"""What says again what was said: within a batch, and against all earlier rounds, by skill.

A batch that is varied in itself may still be the last one again, which no measure of the batch alone shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from research.self_improvement.diversity.embedding import Embed, Floats
from research.self_improvement.diversity.texts import folded, template
from research.self_improvement.families.family import Challenge

ALL = "all skills"


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeated:
    """What of a batch's challenges of one skill, or of all, is no news."""

    skill: str
    """Its name, or `all skills`. What is repeated counts by its own, whatever that which it repeats was called."""
    num: int
    """Challenges."""
    copies: int
    """Those that say in the same words what was said in an earlier round or before in this one."""
    repeated: int
    """Those that do so nearly; copies too."""
    by_age: dict[int, int] = field(default_factory=dict)
    """The same by how many rounds ago it was last said; 0 is this one."""
    templates: int
    """Different texts if numbers and quoted words are left out: of one that is filled in again and again, 1."""

    @property
    def share(self) -> float:
        """What is repeated, of all."""
        return self.repeated / self.num if self.num else 0.0


class _Found(NamedTuple):
    challenge: Challenge
    copy: bool
    age: int | None


class _Said(NamedTuple):
    """A round: where each text first stands in it, and the vectors of all."""

    first: dict[str, int]
    vectors: Floats


def repetition(
    batch: Sequence[Challenge], earlier: Sequence[Sequence[Challenge]], embed: Embed, *, near: float
) -> list[Repeated]:
    """The batch against itself and all earlier rounds, oldest first: all skills together, then each by its name."""
    rounds = [_said(each, embed) for each in (batch, *reversed(earlier))]
    found = [_look(each, place, rounds, near) for place, each in enumerate(batch)]
    skills = sorted({each.skill for each in batch})
    return [
        _sum(ALL, found),
        *(_sum(name, [each for each in found if each.challenge.skill == name]) for name in skills),
    ]


def copies_of(challenges: Sequence[Challenge], others: Sequence[Challenge], embed: Embed, *, near: float) -> list[bool]:
    """Of each whether it says, or nearly says, what one of the others does: what is examined on, or was left out."""
    if not challenges or not others:
        return [False] * len(challenges)
    one, other = _said(challenges, embed), _said(others, embed)
    likest = np.max(one.vectors @ other.vectors.T, axis=1)
    return [
        folded(each.content) in other.first or bool(likeness >= near)
        for each, likeness in zip(challenges, likest, strict=True)
    ]


def _said(challenges: Sequence[Challenge], embed: Embed) -> _Said:
    first: dict[str, int] = {}
    for place, each in enumerate(challenges):
        first.setdefault(folded(each.content), place)
    return _Said(first, embed([each.content for each in challenges]))


def _look(challenge: Challenge, place: int, rounds: Sequence[_Said], near: float) -> _Found:
    """`rounds` begin with its own, of which only what stands before it counts, and go back from there."""
    said, own = folded(challenge.content), rounds[0].vectors[place]
    copy, age = False, None
    for ago, each in enumerate(rounds):
        end = len(each.vectors) if ago else place
        same = each.first.get(said, end) < end
        copy |= same
        if age is None and (same or (end and np.max(each.vectors[:end] @ own) >= near)):
            age = ago
    return _Found(challenge, copy, age)


def _sum(skill: str, found: Sequence[_Found]) -> Repeated:
    ages = Counter(each.age for each in found if each.age is not None)
    return Repeated(
        skill=skill,
        num=len(found),
        copies=sum(each.copy for each in found),
        repeated=ages.total(),
        by_age=dict(sorted(ages.items())),
        templates=len({template(each.challenge.content) for each in found}),
    )
