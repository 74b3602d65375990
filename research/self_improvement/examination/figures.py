"""Figures of an examination: shares with intervals, by level, the reasons of failures, and differences in pairs.

What truth cannot tell counts as a failure, and is counted: whoever answered so that nothing can be told would gain
otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.comparison.paired import Pair, compare
from evaluation.comparison.resampling import Resampling
from evaluation.comparison.stats import Bounds, mean
from research.self_improvement.families.family import Challenge, Family, Performance

if TYPE_CHECKING:
    from espalier.sandbox import Pool

Facts = dict[str, Any]
SHARE: Bounds = (0.0, 1.0)
SIGNED: Bounds = (-1.0, 1.0)
PARTS = ("all", "trained", "harder")
"""All challenges, those as hard as what is trained on, and those that are harder."""
_MOST_REASONS = 12


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What a performance of an examination came to. Plain data: `asdict` and back by `Scored(**line)`."""

    family: str
    challenge: str
    """Its id."""
    skill: str
    level: int
    trained: bool
    """Whether challenges of its level are trained on."""
    score: float | None
    """From 0 to 1; None where truth cannot tell."""
    why: str
    silent: bool
    """Whether nothing was said."""

    @property
    def won(self) -> float:
        """What counts."""
        return self.score or 0.0


def score(
    family: Family, challenges: Sequence[Challenge], performances: Sequence[Performance], pool: Pool | None
) -> list[Scored]:
    """What is known of a performance of each challenge."""
    found = []
    for challenge, performance in zip(challenges, performances, strict=True):
        (verdict,) = family.verify(challenge, [performance], pool)
        found.append(
            Scored(
                family=family.name,
                challenge=challenge.id,
                skill=challenge.skill,
                level=challenge.difficulty,
                trained=challenge.difficulty < family.trained,
                score=verdict.score,
                why=verdict.why,
                silent=not performance.text.strip(),
            )
        )
    return found


def of_part(scored: Sequence[Scored], part: str) -> list[Scored]:
    """Those of one of PARTS."""
    return [each for each in scored if part == "all" or each.trained == (part == "trained")]


def figures(scored: Sequence[Scored], texts: Sequence[str]) -> Facts:
    """What one family's performances came to, as plain data; `texts` are what was said."""
    levels = sorted({(each.level, each.trained) for each in scored})
    skills = sorted({each.skill for each in scored})
    return {
        **{part: share(each.won for each in of_part(scored, part)) for part in PARTS},
        "levels": [
            {"level": level, "trained": trained, "share": share(each.won for each in scored if each.level == level)}
            for level, trained in levels
        ],
        "skills": {skill: share(each.won for each in scored if each.skill == skill) for skill in skills},
        "untold": sum(each.score is None for each in scored),
        "silent": sum(each.silent for each in scored),
        "different": len(set(texts)),
        "reasons": reasons(each.why for each in scored if each.won < 1),
    }


def share(values: Iterable[float]) -> Facts | None:
    """The mean of values from 0 to 1 with its interval; None of none."""
    return estimate(values, SHARE)


def estimate(values: Iterable[float], bounds: Bounds) -> Facts | None:
    """The mean of values, each of a challenge of its own, with its interval; None of none."""
    found = list(values)
    known = mean(found, None, bounds) if found else None
    return None if known is None else asdict(known)


def reasons(why: Iterable[str]) -> dict[str, int]:
    """How often each, the most frequent first; rare ones together."""
    counts = Counter(why).most_common()
    rest = sum(count for _, count in counts[_MOST_REASONS:])
    return {**dict(counts[:_MOST_REASONS]), **({"others": rest} if rest else {})}


def beside(ours: Sequence[Scored], theirs: Sequence[Scored]) -> dict[str, Facts | None]:
    """By how much `ours` is above `theirs`, challenge by challenge, of each of PARTS: as
    `evaluation.comparison.paired.Comparison` says it, and None of a part without a challenge.

    ValueError where they are not of the same challenges in the same order.
    """
    if [each.challenge for each in ours] != [each.challenge for each in theirs]:
        raise ValueError("two examinations of different challenges")
    pairs = {part: pair for part in PARTS if (pair := _pair(ours, theirs, part))}
    found: Mapping[str, Any] = dict(zip(pairs, compare(list(pairs.values()), _resampling(len(ours))), strict=True))
    return {part: asdict(found[part]) if part in found else None for part in PARTS}


@lru_cache(maxsize=4)
def _resampling(num_challenges: int) -> Resampling:
    """Drawn once for all controls, which takes far longer than what is computed of it."""
    return Resampling(num_challenges, seed=0)


def _pair(ours: Sequence[Scored], theirs: Sequence[Scored], part: str) -> Pair | None:
    places = [place for place, each in enumerate(ours) if each in of_part([each], part)]
    if not places:
        return None
    return Pair(
        baseline=np.array([[theirs[place].won for place in places]]),
        candidate=np.array([[ours[place].won for place in places]]),
        clusters=np.array(places),
        span=1.0,
    )


def win_rate(ours: Sequence[Scored], theirs: Sequence[Scored]) -> Facts | None:
    """How often `ours` is truly better than `theirs`, a tie being a half."""
    pairs = zip(ours, theirs, strict=True)
    return share((1 + np.sign(one.won - other.won)) / 2 for one, other in pairs)
