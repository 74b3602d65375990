"""A round's diversity, as it is kept and reported: measures beside those of challenges by rule, repetition, the
floor."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from research.self_improvement.diversity.embedding import Embed
from research.self_improvement.diversity.floor import below, num_skills
from research.self_improvement.diversity.measures import Measured, measure
from research.self_improvement.diversity.performing import Spread, spread
from research.self_improvement.diversity.repetition import Repeated, repetition
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.family import Challenge, Family


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundDiversity:
    """What is known of a round's diversity. `asdict` gives what JSON keeps."""

    challenges: Measured | None
    """The round's challenges; None where there is none."""
    reference: Measured
    """Those written by rule."""
    skills: dict[str, int]
    """The round's challenges by skill."""
    num_skills: tuple[float, float]
    """The effective number of skills, of the round and of the reference."""
    repetition: list[Repeated]
    """All skills together, then each."""
    performances: Spread
    """What was performed."""
    below: list[str]
    """What falls short of the floor; with any, the round is to be rejected."""


def reference(family: Family, rng: random.Random, difficulties: Sequence[int], count: int) -> list[Challenge]:
    """Challenges by rule that a family's rounds are held against, evenly of the difficulties. Made once for all rounds:
    they tell an embedding which pieces are rare, too, by their contents."""
    return [family.written(rng, difficulties[number % len(difficulties)]) for number in range(count)]


def look(
    challenges: Sequence[Challenge],
    earlier: Sequence[Sequence[Challenge]],
    by_rule: Sequence[Challenge],
    performances: Sequence[Sequence[str]],
    embed: Embed,
    settings: DiversitySettings,
) -> RoundDiversity:
    """A round's challenges of one family, those of the rounds before (oldest first), those by rule, and the texts of
    each challenge's performances. ValueError where there is none by rule."""
    by_rules = measure([each.content for each in by_rule], embed, size=settings.size)
    found = measure([each.content for each in challenges], embed, size=settings.size) if challenges else None
    repeated = repetition(challenges, earlier, embed, near=settings.near)
    skills = num_skills(challenges), num_skills(by_rule)
    if not found:
        fallen = ["there is no challenge"]
    else:
        fallen = below(settings.floor, found, by_rules, skills, repeated[0]) if settings.floor else []
    return RoundDiversity(
        challenges=found,
        reference=by_rules,
        skills=dict(sorted(Counter(each.skill for each in challenges).items())),
        num_skills=skills,
        repetition=repeated,
        performances=spread(performances, embed),
        below=fallen,
    )
