"""How different performances are: of one challenge among themselves, and of all challenges from one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from research.self_improvement.diversity.embedding import Embed
from research.self_improvement.diversity.measures import vendi
from research.self_improvement.diversity.texts import folded


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How different a round's performances are. Right answers may well be equal: this is reported, and nothing is
    demanded of it."""

    challenges: int
    """Challenges with two performances at least."""
    distinct: float | None
    """Share of different texts among the performances of one challenge, the mean over challenges; None without any."""
    vendi: float | None
    """Share of different texts with similarity counted: their Vendi score over their number, the mean over
    challenges."""
    all_equal: int
    """Challenges whose performances all say the same, of which no pair can be made."""
    empty: int
    """Performances that say nothing."""
    canned: float | None
    """Largest share of challenges that are answered with one and the same text; near 1 where the challenge is not
    read."""


def spread(performances: Sequence[Sequence[str]], embed: Embed) -> Spread:
    """The texts of each challenge's performances, challenge by challenge."""
    said = [[folded(text) for text in texts] for texts in performances if texts]
    several = [texts for texts in said if len(texts) > 1]
    answers = Counter(text for texts in said for text in set(texts))
    return Spread(
        challenges=len(several),
        distinct=_mean([len(set(texts)) / len(texts) for texts in several]),
        vendi=_mean([vendi(embed(texts)) / len(texts) for texts in several]),
        all_equal=sum(len(set(texts)) == 1 for texts in several),
        empty=sum(not text for texts in said for text in texts),
        canned=max(answers.values()) / len(said) if len(said) > 1 else None,
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
