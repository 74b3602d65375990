"""The floor: what a round's challenges fall short of, held against challenges that rules wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from research.self_improvement.diversity.measures import Measured, effective
from research.self_improvement.diversity.repetition import Repeated
from research.self_improvement.diversity.settings import Floor
from research.self_improvement.families.family import Challenge


def num_skills(challenges: Iterable[Challenge]) -> float:
    """The effective number of skills."""
    return effective(Counter(each.skill for each in challenges).values())


def below(
    floor: Floor,
    found: Measured,
    reference: Measured,
    skills: tuple[float, float],
    repeated: Repeated,
) -> list[str]:
    """What a round falls short of, a sentence each; with any, it is to be rejected.

    `skills` are the effective numbers of the round and of the reference. A demand that the reference itself is at the
    bottom of asks for nothing.
    """
    demands = [
        ("the Vendi score", found.vendi, reference.vendi, 1.0, floor.vendi),
        ("the effective number of clusters", found.clusters, reference.clusters, 1.0, floor.clusters),
        ("the effective number of skills", *skills, 1.0, floor.skills),
        ("the share of distinct pairs of words", found.distinct_2, reference.distinct_2, 0.0, floor.distinct),
        ("what is missing of self-BLEU to 1", _apart(found), _apart(reference), 0.0, floor.apart),
    ]
    fallen = []
    for what, value, usual, least, share in demands:
        demand = least + share * (usual - least)
        if value < demand:
            fallen.append(f"{what} is {value:.2f}, and {demand:.2f} is demanded (by rule: {usual:.2f})")
    if repeated.share > floor.repeated:
        rate = f"{repeated.repeated} of {repeated.num} challenges say again what was said"
        fallen.append(f"{rate}, and at most {floor.repeated:.0%} may")
    return fallen


def _apart(found: Measured) -> float:
    return 0.0 if found.self_bleu is None else 1 - found.self_bleu
