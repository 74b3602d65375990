"""What a round of one family comes to: judges held to what is known, performances and challenges ranked, the archive,
and what falls short of diversity."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from evaluation.comparison.stats import Estimate, mean
from research.self_improvement.diversity.archive import Elite, archived, coverage
from research.self_improvement.diversity.embedding import Embed
from research.self_improvement.diversity.ranking import Candidate, Ranked, Tried, ranked, worth
from research.self_improvement.diversity.rounds import RoundDiversity, look
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.family import Challenge, Family, Verdict
from research.self_improvement.judging.bradley_terry import kendall
from research.self_improvement.judging.comparing import Compared
from research.self_improvement.judging.controls import fooled, withstood
from research.self_improvement.judging.evidence import Evidence, evidence
from research.self_improvement.judging.panel import by_challenge
from research.self_improvement.judging.panel import ranked as by_panel
from research.self_improvement.judging.weighing import Standing, standings, weights
from research.self_improvement.records import Played

By = Literal["truth", "judges", "lot"]
"""What says which of two performances is better: what is known, and judges where nothing is; judges alone, to whom no
truth is told; or nobody, as a control."""
PASSED = 0.5
"""The score from which on a performance counts as passed where it is asked how hard a challenge is."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Judges, and what they are worth."""

    evidence: Mapping[str, Evidence]
    standings: Mapping[str, Standing]
    weights: Mapping[str, float]
    adds: Estimate | None
    """By how much Kendall's τ between ranking and truth is greater where judges are weighed, by what is known of them
    without the truth, than where they count alike; None where no truth is known."""


def panel_of(
    compared: Sequence[Compared],
    controls: Sequence[tuple[str, Compared]],
    opinions: Mapping[str, Estimate],
    truths: Mapping[str, Sequence[float | None]],
    lengths: Mapping[str, Sequence[int]],
    *,
    by: By,
) -> Panel:
    """Judges held to truth, unless it is kept from them; to controls, agreement and the meta-judge in any case."""
    falls = fooled(withstood(controls))
    blind = evidence(compared, None, lengths, falls)
    found = evidence(compared, truths, lengths, falls) if by == "truth" else blind
    standing = standings(found, opinions)
    adds = _adds(compared, weights(standings(blind, opinions)), truths)
    return Panel(evidence=found, standings=standing, weights=weights(standing), adds=adds)


def scores_of(
    challenges: Sequence[Challenge],
    verdicts: Mapping[str, Sequence[Verdict]],
    compared: Sequence[Compared],
    panel: Panel,
    *,
    by: By,
    seed: int,
) -> dict[str, list[float]]:
    """By challenge how good each performance is: by what is known of it, by judges' strengths, or by lot. Not a number
    where nobody can tell: what is known of some is not mixed with what judges say of the others."""
    of_challenge = by_challenge(compared)
    found = dict[str, list[float]]()
    for each in challenges:
        known = [verdict.score for verdict in verdicts[each.id]]
        said = of_challenge.get(each.id, [])
        if by == "lot":
            rng = random.Random(f"{seed} {each.id}")
            found[each.id] = [rng.random() for _ in known]
        elif by == "truth" and all(score is not None for score in known):
            found[each.id] = [float(score) for score in known if score is not None]
        elif said:
            found[each.id] = list(map(float, by_panel(said, len(known), panel.weights).values))
        else:
            found[each.id] = [np.nan if by == "judges" or score is None else score for score in known]
    return found


def tried_of(verdicts: Sequence[Verdict]) -> Tried:
    """How hard a challenge was, as far as it is known."""
    known = [each.score for each in verdicts if each.score is not None]
    return Tried(passed=sum(score >= PASSED for score in known), tries=len(known))


def by_level(challenges: Sequence[Challenge], tried: Mapping[str, Tried], levels: int) -> list[Tried]:
    """How hard each level was."""
    found = [[tried[each.id] for each in challenges if each.difficulty == level] for level in range(levels)]
    return [Tried(passed=sum(t.passed for t in of), tries=sum(t.tries for t in of)) for of in found]


def ranking_of(
    family: Family,
    challenges: Sequence[Challenge],
    tried: Mapping[str, Tried],
    known: Sequence[str],
    embed: Embed,
    settings: DiversitySettings,
) -> list[Ranked]:
    """The challenges, those first that are good, passed half of the time, and new."""
    candidates = [Candidate(challenge=each, quality=family.quality(each), tried=tried[each.id]) for each in challenges]
    return ranked(candidates, known, embed, settings.weights)


def archive_of(
    before: Sequence[Elite], new: Sequence[Ranked], embed: Embed, settings: DiversitySettings, number: int
) -> list[Elite]:
    """The archive after a round: what is passed always or never is worth nothing in it."""
    elites = [
        Elite(
            candidate=Candidate(
                challenge=each.candidate.challenge,
                quality=each.candidate.quality * worth(each.candidate.tried),
                tried=each.candidate.tried,
            ),
            round=number,
        )
        for each in new
    ]
    return archived(before, elites, embed, capacity=settings.capacity, near=settings.near)


def diversity_of(
    challenges: Sequence[Challenge],
    earlier: Sequence[Sequence[Challenge]],
    by_rule: Sequence[Challenge],
    played: Mapping[str, Sequence[Played]],
    embed: Embed,
    settings: DiversitySettings,
) -> RoundDiversity:
    """How different its challenges are, and what is performed at them."""
    said = [[one.performance.text for one in played[each.id]] for each in challenges]
    # Figures of more texts are greater: those by rule are measured as many at a time as there are of the round's.
    size = max(2, min(settings.size, len(challenges)))
    return look(challenges, earlier, by_rule, said, embed, settings.model_copy(update={"size": size}))


def facts_of(
    panel: Panel,
    archive: Sequence[Elite],
    diversity: RoundDiversity,
    ranks: Sequence[Ranked],
    levels: Sequence[Tried],
) -> dict[str, Any]:
    """As `round.json` keeps it."""
    tries = sum(each.tries for each in levels)
    return {
        "diversity": asdict(diversity),
        "standings": [asdict(each) for each in panel.standings.values()],
        "evidence": [asdict(each) for each in panel.evidence.values()],
        "meta_adds": asdict(panel.adds) if panel.adds else None,
        "coverage": asdict(coverage(archive)),
        "pass_rate": sum(each.passed for each in levels) / tries if tries else None,
        "levels": [asdict(each) for each in levels],
        "best": [each.candidate.challenge.id for each in ranks[:8]],
    }


def _adds(
    compared: Sequence[Compared], weighed: Mapping[str, float], truths: Mapping[str, Sequence[float | None]]
) -> Estimate | None:
    gains = list[float]()
    for challenge, those in by_challenge(compared).items():
        known = truths.get(challenge, ())
        if known and all(score is not None for score in known) and len(set(known)) > 1:
            plain, other = (by_panel(those, len(known), each).values for each in (None, weighed))
            true = [float(score) for score in known if score is not None]
            gains.append(kendall(other, true) - kendall(plain, true))
    return mean(gains, None, (-2.0, 2.0)) if gains else None
