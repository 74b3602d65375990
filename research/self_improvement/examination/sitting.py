"""Sittings: who is asked what in an examination, and what is known of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from research.self_improvement.examination import drift
from research.self_improvement.examination.figures import Scored, score
from research.self_improvement.families.family import Challenge, Family
from research.self_improvement.records import Played, by_challenge
from research.self_improvement.voices import Voice, perform

if TYPE_CHECKING:
    from espalier.sandbox import Pool

Speaks = Callable[[str, float, str], AbstractContextManager[Voice]]
"""Opens who is named by a reference, at a temperature, behind a prefix."""


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """What is asked, and how."""

    families: Mapping[str, Family]
    size: int
    """Challenges of each family."""
    prefix: str
    seed: int
    pairs: int
    """Pairs of each family that are fixed for the judge, where none are."""
    samples: int
    """Performances of each challenge that these pairs are chosen from."""
    temperature: float
    """At which they are drawn."""
    pool: Pool | None = None

    @cached_property
    def challenges(self) -> dict[str, list[Challenge]]:
        """By family, the same every time."""
        return {name: family.examination(self.size) for name, family in self.families.items()}


class Sat(NamedTuple):
    """One sitting: performances of all challenges of a family in their order, and what they came to."""

    played: list[Played]
    scored: list[Scored]


Sittings = Mapping[str, Sat]
"""By family."""


def sit(examiner: Examiner, challenges: Mapping[str, Sequence[Challenge]], voice: Voice) -> dict[str, Sat]:
    """All challenges, put to somebody."""
    everything = [each for those in challenges.values() for each in those]
    played = by_challenge(perform(examiner.families, everything, [0], voice, seed=examiner.seed))
    found = {}
    for name, those in challenges.items():
        of_family = [played[each.id][0] for each in those]
        performances = [each.performance for each in of_family]
        found[name] = Sat(of_family, score(examiner.families[name], those, performances, examiner.pool))
    return found


def fixed(
    examiner: Examiner, challenges: Mapping[str, Sequence[Challenge]], model: str, speaks: Speaks
) -> list[drift.FixedPair]:
    """The pairs that the model is seen to judge: of what it performs itself, drawn several times."""
    if not examiner.pairs:
        return []
    everything = [each for those in challenges.values() for each in those]
    with speaks(model, examiner.temperature, examiner.prefix) as voice:
        drawn = perform(examiner.families, everything, range(examiner.samples), voice, seed=examiner.seed)
    played = by_challenge(drawn)
    found = []
    for name, those in challenges.items():
        performances = [[each.performance for each in played[challenge.id]] for challenge in those]
        found += drift.fix(examiner.families[name], those, performances, examiner.pairs, examiner.pool)
    return found


def scored(sat: Sittings) -> list[Scored]:
    """Of all families together."""
    return [each for those in sat.values() for each in those.scored]
