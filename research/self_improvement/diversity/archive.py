"""The archive of challenges, by niche: the best of each family, skill and difficulty, from which proposals are seeded.

Quality-diversity (MAP-Elites, Mouret and Clune 2015): a challenge competes with those of its niche alone, so that what
is good at one thing does not push out all else. What nearly says what a better one of its niche says has no place
beside it, and the same words have one place in a family: one text under many skills would fill the niches with itself.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from espalier.artifacts import records
from espalier.errors import UserError
from research.self_improvement.diversity.embedding import Embed, Floats
from research.self_improvement.diversity.ranking import Candidate, Tried
from research.self_improvement.diversity.texts import folded
from research.self_improvement.families.family import Challenge

Niche = tuple[str, str, int]
"""Family, skill, difficulty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Elite:
    """A challenge that is kept."""

    candidate: Candidate
    """The challenge, its quality, and how hard it was."""
    round: int
    """In which round that was found, from 0."""

    @property
    def niche(self) -> Niche:
        """Where it competes."""
        challenge = self.candidate.challenge
        return challenge.family, challenge.skill, challenge.difficulty

    @property
    def rank(self) -> tuple[float, int, str]:
        """What it is sorted by: the best first, of equals the older."""
        return -self.candidate.quality, self.round, self.candidate.challenge.id


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How full an archive is."""

    niches: int
    """Niches with a challenge."""
    elites: int
    """Challenges."""
    qd_score: float
    """The qualities of each niche's best, added up (Pugh et al. 2016): it rises by better ones and by new niches
    alone."""


def archived(before: Iterable[Elite], new: Iterable[Elite], embed: Embed, *, capacity: int, near: float) -> list[Elite]:
    """What the archive holds after `new` came, sorted by niche; in whatever order they come.

    Of a challenge that is known already, what was found of it in the latest round counts.
    """
    latest: dict[str, Elite] = {}
    for each in [*before, *new]:
        known = latest.get(each.candidate.challenge.id)
        if known is None or _news(each) > _news(known):
            latest[each.candidate.challenge.id] = each
    said = set[tuple[str, str]]()
    kept: dict[Niche, list[tuple[Elite, Floats]]] = defaultdict(list)
    for each in sorted(latest.values(), key=lambda each: each.rank):
        content = each.candidate.challenge.content
        words = (each.candidate.challenge.family, folded(content))
        if words in said or len(kept[each.niche]) >= capacity:
            continue
        vector = embed([content])[0]
        if all(float(np.dot(vector, other)) < near for _, other in kept[each.niche]):
            kept[each.niche].append((each, vector))
            said.add(words)
    return [each for niche in sorted(kept) for each, _ in kept[niche]]


def seeds(archive: Sequence[Elite], rng: random.Random, family: str, difficulty: int, count: int) -> list[Challenge]:
    """Challenges to show a model that is to propose another: of as many niches as there are, those of the asked
    difficulty first and then the nearest; fewer than `count` where there are fewer.

    Niches are drawn evenly, whatever they hold: what there is much of would otherwise breed more of itself.
    """
    niches: dict[Niche, list[Challenge]] = defaultdict(list)
    for each in archive:
        if each.niche[0] == family:
            niches[each.niche].append(each.candidate.challenge)
    for challenges in niches.values():
        rng.shuffle(challenges)
    order = sorted(niches)
    rng.shuffle(order)
    order.sort(key=lambda niche: abs(niche[2] - difficulty))
    depth = max(map(len, niches.values()), default=0)
    drawn = [niches[niche][at] for at in range(depth) for niche in order if at < len(niches[niche])]
    return drawn[:count]


def coverage(archive: Sequence[Elite]) -> Coverage:
    """How full it is."""
    best: dict[Niche, float] = {}
    for each in archive:
        best[each.niche] = max(best.get(each.niche, 0.0), each.candidate.quality)
    return Coverage(niches=len(best), elites=len(archive), qd_score=sum(best[niche] for niche in sorted(best)))


def write(path: Path, archive: Sequence[Elite]) -> None:
    """Keep an archive as JSON lines, whole or not at all."""
    records.write_jsonl(path, map(asdict, archive))


def read(path: Path) -> list[Elite]:
    """The archive that `write` kept. UserError where the file is missing or says something else."""
    return [_elite(value, f"{path}: challenge {number}") for number, value in enumerate(records.read_jsonl(path), 1)]


def _news(elite: Elite) -> tuple[Any, ...]:
    """Of two that are of one challenge, the one with more of this counts; everything stands in it that may differ."""
    challenge, tried = elite.candidate.challenge, elite.candidate.tried
    found = elite.round, elite.candidate.quality, tried.tries, tried.passed, tried.guessed
    return *found, challenge.skill, challenge.difficulty, challenge.proposer


def _elite(value: Any, where: str) -> Elite:
    try:
        found = value["candidate"]
        candidate = Candidate(
            challenge=Challenge(**found["challenge"]), quality=found["quality"], tried=Tried(**found["tried"])
        )
        return Elite(candidate=candidate, round=value["round"])
    except (TypeError, KeyError, ValueError) as error:
        raise UserError(f"{where}: not an archive's ({error}); remove the file, and the step makes it again") from error
