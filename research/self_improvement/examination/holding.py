"""An examination, held: who is asked what, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from research.self_improvement.examination import against, drift
from research.self_improvement.examination.controls import controls, marks
from research.self_improvement.examination.figures import (
    PARTS,
    Facts,
    Scored,
    beside,
    figures,
    of_part,
    score,
    share,
    win_rate,
)
from research.self_improvement.examination.keeping import Kept
from research.self_improvement.families.family import Challenge, Family, Messages
from research.self_improvement.families.social_games import conduct
from research.self_improvement.families.social_games.family import SocialGames
from research.self_improvement.judging.comparing import Compared, Judge
from research.self_improvement.records import Played, by_challenge, played_lines
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
    pairs = first.pairs if first else _fixed(examiner, challenges, model, speaks)
    with speaks(model, 0.0, examiner.prefix) as voice:
        asked = _sit(examiner, challenges, voice)
        judged = drift.judge(examiner.families, pairs, "the model", judge_of(voice))
    plain = dict[str, Sat]()
    if examiner.prefix:
        with speaks(model, 0.0, "") as voice:
            plain = _sit(examiner, challenges, voice)
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
        "scored.jsonl": [asdict(each) for each in _scored(asked)],
        "judged.jsonl": [asdict(each) for each in judged],
        "compared.jsonl": list[dict[str, Any]](),
        "pairs.jsonl": [] if first else [each.line for each in pairs],
    }
    if first:
        said, facts["against"] = _against(examiner, challenges, asked, judged, first, judges, speaks)
        lines["compared.jsonl"] = [asdict(each) for each in said]
    return Held(facts=facts, lines=lines)


def judge_of(voice: Voice) -> Judge:
    """Somebody as a judge; what is asked twice is answered alike."""

    def says(conversations: Sequence[Messages]) -> list[str]:
        keys = [hashlib.sha256(json.dumps(each).encode()).hexdigest()[:16] for each in conversations]
        return [reply.text for reply in voice.says(conversations, keys)] if conversations else []

    return says


def _sit(examiner: Examiner, challenges: Mapping[str, Sequence[Challenge]], voice: Voice) -> dict[str, Sat]:
    everything = [each for those in challenges.values() for each in those]
    played = by_challenge(perform(examiner.families, everything, [0], voice, seed=examiner.seed))
    found = {}
    for name, those in challenges.items():
        of_family = [played[each.id][0] for each in those]
        performances = [each.performance for each in of_family]
        found[name] = Sat(of_family, score(examiner.families[name], those, performances, examiner.pool))
    return found


def _fixed(
    examiner: Examiner, challenges: Mapping[str, Sequence[Challenge]], model: str, speaks: Speaks
) -> list[drift.FixedPair]:
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


def _together(asked: Mapping[str, Sat], tried: Mapping[str, Mapping[str, list[Scored]]]) -> Facts:
    """All families, which have as many challenges each; the lead is that over the best control of each."""
    best = [
        line for of in tried.values() for line in max(of.values(), key=lambda those: sum(each.won for each in those))
    ]
    ours = _scored(asked)
    return {
        "share": share(each.won for each in ours),
        **{part: share(each.won for each in of_part(ours, part)) for part in PARTS[1:]},
        "control": share(each.won for each in best),
        "lead": beside(ours, best)["all"],
    }


def _against(
    examiner: Examiner,
    challenges: Mapping[str, Sequence[Challenge]],
    asked: Mapping[str, Sat],
    judged: Sequence[Compared],
    first: Kept,
    judges: Sequence[str],
    speaks: Speaks,
) -> tuple[list[Compared], Facts]:
    before = first.scored
    made = {
        name: against.contests(
            challenges[name],
            [first.played[each.id].performance for each in challenges[name]],
            [each.performance for each in sat.played],
        )
        for name, sat in asked.items()
    }
    names, said, tried, said_of_tried = list[str](), list[Compared](), [], list[Compared]()
    for reference in judges:
        with speaks(reference, 0.0, examiner.prefix) as voice:
            panel = {voice.name: judge_of(voice)}
            names.append(voice.name)
            said += against.asked(examiner.families, made, panel)
            tried, more = against.held_to_controls(examiner.families, made, panel)
            said_of_tried += more
    ours, theirs = _scored(asked), [before[each.challenge] for each in _scored(asked)]
    by_family = {name: [before[each.challenge] for each in sat.scored] for name, sat in asked.items()}
    return said, {
        "exam": first.name,
        "model": first.model,
        "gain": beside(ours, theirs),
        "win_rate": win_rate(ours, theirs),
        "families": {
            name: {
                "gain": beside(sat.scored, by_family[name]),
                "win_rate": win_rate(sat.scored, by_family[name]),
                "same": len(sat.played) - len(made[name]),
            }
            for name, sat in asked.items()
        },
        "judged": against.judges(names, ours, theirs, said, tried, said_of_tried),
        "judging_gain": drift.gain(first.pairs, judged, first.judged) if first.pairs else None,
    }


def _scored(sat: Mapping[str, Sat]) -> list[Scored]:
    return [each for those in sat.values() for each in those.scored]


def _lines(sat: Mapping[str, Sat]) -> list[dict[str, Any]]:
    return played_lines(each for those in sat.values() for each in those.played)
