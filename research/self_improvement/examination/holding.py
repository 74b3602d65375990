"""An examination, held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from research.self_improvement.examination import drift
from research.self_improvement.examination.against import held_against
from research.self_improvement.examination.controls import controls, marks
from research.self_improvement.examination.figures import PARTS, Facts, Scored, beside, figures, of_part, score, share
from research.self_improvement.examination.keeping import Kept
from research.self_improvement.examination.sitting import Examiner, Sat, Sittings, Speaks, fixed, scored, sit
from research.self_improvement.families.family import Challenge, Family
from research.self_improvement.families.social_games import conduct
from research.self_improvement.families.social_games.family import SocialGames
from research.self_improvement.records import played_lines
from research.self_improvement.round.panel import spoken_by


@dataclass(frozen=True, kw_only=True)
class Held:
    """An examination that is over."""

    facts: Facts
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By file."""


def hold(
    examiner: Examiner, model: str, speaks: Speaks, *, judges: Sequence[str] = (), first: Kept | None = None
) -> Held:
    """Examine `model`. `first` is the examination of round 0, beside which it is seen; without it, this one is that.

    ValueError where `first` is of other challenges.
    """
    challenges = examiner.challenges
    pairs = first.pairs if first else fixed(examiner, challenges, model, speaks)
    with speaks(model, 0.0, examiner.prefix) as voice:
        asked = sit(examiner, challenges, voice)
        judged = drift.judge(examiner.families, pairs, "the model", spoken_by(voice))
    plain = dict[str, Sat]()
    if examiner.prefix:
        with speaks(model, 0.0, "") as voice:
            plain = sit(examiner, challenges, voice)
    tried = {name: _controls(examiner, name, challenges[name], sat) for name, sat in asked.items()}
    facts: Facts = {
        "families": {
            name: _of_family(examiner, name, challenges[name], sat, plain.get(name), tried[name])
            for name, sat in asked.items()
        },
        "all": _together(asked, tried),
        "judging": drift.drift(pairs, judged),
        "against": None,
    }
    lines = {
        "performances.jsonl": _lines(asked),
        "plain.jsonl": _lines(plain),
        "scored.jsonl": [asdict(each) for each in scored(asked)],
        "judged.jsonl": [asdict(each) for each in judged],
        "compared.jsonl": list[dict[str, Any]](),
        "pairs.jsonl": [] if first else [each.line for each in pairs],
    }
    if first:
        said, facts["against"] = held_against(examiner, asked, first, judges, speaks)
        facts["against"]["judging_gain"] = drift.gain(pairs, judged, first.judged) if pairs else None
        lines["compared.jsonl"] = [asdict(each) for each in said]
    return Held(facts=facts, lines=lines)


def _controls(examiner: Examiner, name: str, challenges: Sequence[Challenge], sat: Sat) -> dict[str, list[Scored]]:
    family = examiner.families[name]
    return {
        control: score(family, challenges, performances, examiner.pool)
        for control, performances in controls(family, challenges, sat.played, examiner.seed)
    }


def _of_family(
    examiner: Examiner,
    name: str,
    challenges: Sequence[Challenge],
    asked: Sat,
    plain: Sat | None,
    tried: Mapping[str, list[Scored]],
) -> Facts:
    family = examiner.families[name]
    return {
        "challenges": len(challenges),
        "asked": _figures(family, asked),
        "plain": plain and _figures(family, plain),
        "prefix_gain": plain and beside(asked.scored, plain.scored),
        "controls": {
            control: {"share": share(each.won for each in scored), "lead": beside(asked.scored, scored)["all"]}
            for control, scored in tried.items()
        },
        "marks": {
            mark: share(each.won for each in score(family, challenges, performances, examiner.pool))
            for mark, performances in marks(family, challenges, examiner.seed)
        },
    }


def _figures(family: Family, sat: Sat) -> Facts:
    performances = [each.performance for each in sat.played]
    games = isinstance(family, SocialGames)
    return figures(sat.scored, [each.text for each in performances]) | {
        "conduct": conduct.by_rule(performances) if games else None
    }


def _together(asked: Sittings, tried: Mapping[str, Mapping[str, list[Scored]]]) -> Facts:
    """All families, which have as many challenges each; the lead is that over the best control of each."""
    best = [
        line for of in tried.values() for line in max(of.values(), key=lambda those: sum(each.won for each in those))
    ]
    ours = scored(asked)
    return {
        "share": share(each.won for each in ours),
        **{part: share(each.won for each in of_part(ours, part)) for part in PARTS[1:]},
        "control": share(each.won for each in best),
        "lead": beside(ours, best)["all"],
    }


def _lines(sat: Sittings) -> list[dict[str, Any]]:
    return played_lines(each for those in sat.values() for each in those.played)
