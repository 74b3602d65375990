"""What a family's rounds are held against, the same in all of them: challenges by rule, and what texts are measured
by."""

from __future__ import annotations

import random

from research.self_improvement.diversity.embedding import Embed, embedding
from research.self_improvement.diversity.rounds import reference
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.family import Challenge, Family

_COUNT = 64


def reference_of(family: Family, settings: DiversitySettings) -> tuple[list[Challenge], Embed]:
    """Evenly of all levels that are trained on."""
    by_rule = reference(family, random.Random(f"reference of {family.name}"), range(family.trained), _COUNT)
    return by_rule, embedding(settings.embedding, [each.content for each in by_rule])
