"""The ranking of rankings: how far each judge is trusted, which are found out, and what each counts in the panel.

A judge that falls for a control is not trusted. Where truth is known of enough challenges, it alone decides. Elsewhere
agreement with the other judges decides, and consistency, transitivity and a meta-judge's opinion only temper it:
whoever goes by length is consistent and transitive. What counts is the lower end of the interval, so nobody is trusted
on little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.comparison.stats import Estimate
from research.self_improvement.judging.evidence import Evidence

FLOOR = 0.2
"""Trust that a judge must surely have: to be right in 60 % of pairs, or to be correlated as much with the others."""
_MOST = 0.95
"""Trust above this weighs no more."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A judge among judges."""

    judge: str
    trust: float
    """0 for chance, 1 for always right: of what follows, the lower end, tempered."""
    by: str
    """What decided: controls that it falls for, truth, agreement, or nothing."""
    trusted: bool
    """Whether it is above FLOOR; where nothing decided, nobody is found out."""
    weight: float
    """What a result of its counts in the panel, 1 for the best judge."""


def standings(found: Mapping[str, Evidence], opinions: Mapping[str, Estimate] | None = None) -> dict[str, Standing]:
    """Every judge's standing, the most trusted first. `opinions` are a meta-judge's of judges' rankings, -1 to 1.

    A judge counts by the log-odds of its being right (Nitzan & Paroush 1982), and nothing where it is not trusted.
    Where nobody is trusted, or nothing is known of any, all count alike: weights of noise would be noise.
    """
    trusts = {judge: _trust(each, (opinions or {}).get(judge)) for judge, each in found.items()}
    odds = {judge: _log_odds(trust) if trust >= FLOOR else 0.0 for judge, (trust, _) in trusts.items()}
    trusted = {judge: by == "nothing" or trust >= FLOOR for judge, (trust, by) in trusts.items()}
    most = max(odds.values(), default=0.0)
    if not most:
        odds, most = {judge: float(trusted[judge] or not any(trusted.values())) for judge in trusts}, 1.0
    ranked = [
        Standing(judge=judge, trust=trust, by=by, trusted=trusted[judge], weight=odds[judge] / most)
        for judge, (trust, by) in trusts.items()
    ]
    return {each.judge: each for each in sorted(ranked, key=lambda each: -each.trust)}


def weights(standing: Mapping[str, Standing]) -> dict[str, float]:
    """By judge, for `panel.ranked`."""
    return {judge: each.weight for judge, each in standing.items()}


def _trust(each: Evidence, opinion: Estimate | None) -> tuple[float, str]:
    if each.fooled_by:
        return 0.0, "controls"
    if each.truth is not None:
        return max(0.0, each.truth.low), "truth"
    if each.agreement is None:
        return 0.0, "nothing"
    # Each of these is at most 1; one that is unknown tempers nothing.
    tempers = [max(0.0, known.value) for known in (each.consistency, each.transitivity) if known]
    tempers += [(1 + opinion.value) / 2] if opinion else []
    tempered = sum(tempers) / len(tempers) if tempers else 1.0
    return max(0.0, each.agreement.low) * tempered, "agreement"


def _log_odds(trust: float) -> float:
    return math.log((1 + min(trust, _MOST)) / (1 - min(trust, _MOST)))
