"""A round: challenges, performances, judgements, rankings, preferences, ordinary rows, examination, and whether what it
made of the policy is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_json
from espalier.artifacts.registry import content_hash
from espalier.loops.pace import Pace
from research.self_improvement.loop.config import LoopConfig
from research.self_improvement.loop.steps import LEARNED, Steps, lines_of
from research.self_improvement.loop.taking import mark, why_not

Facts = Mapping[str, Any]


def examined_first(config: LoopConfig, pace: Pace, run: Callable[..., int] | None) -> dict[str, Any]:
    """Round 0: the model that the loop begins with, examined."""
    steps = Steps(config=config, pace=pace, number=0, policy=config.model, run=run)
    exam, scores = steps.exam(config.model, None), steps.scores(config.model)
    found = {"number": 0, "policy": config.model, "exam": exam, "scores": scores}
    return found | {"made": _hashes(f"corpus:{exam}", *([f"scores:{scores}"] if scores else []))}


def run_round(
    config: LoopConfig,
    pace: Pace,
    before: Sequence[Facts],
    run: Callable[..., int] | None = None,
) -> dict[str, Any]:
    """The round after those `before`, its commands run by `run`; what it made, and what was found of it."""
    number, policy = len(before), before[-1]["policy"]
    steps = Steps(config=config, pace=pace, number=number, policy=policy, run=run)
    earlier = [each["challenges"] for each in before[1:]]
    after = before[-1]["ranked"] if number > 1 else None
    challenges = steps.challenges(after, earlier)
    performances = steps.performances(challenges)
    judged = steps.judged(performances, earlier)
    ranked = steps.ranked(judged, after, earlier)
    found: dict[str, Any] = {
        "number": number,
        "before": policy,
        "policy": policy,
        "taken": False,
        "challenges": challenges,
        "performances": performances,
        "judged": judged,
        "ranked": ranked,
        "learned": None,
        "trained": [],
        "tried": None,
        "exam": before[-1]["exam"],
        "scores": before[-1]["scores"],
        "trained_tokens": 0,
    }
    made = [f"corpus:{name}" for name in (challenges, performances, judged, ranked)]
    found["why_not"] = nothing_learned(config, ranked)
    if not found["why_not"]:
        learned = steps.learned_mix(ranked)
        preferring = steps.preferring(learned)
        tried = steps.keeping(preferring)
        exam, scores = steps.exam(tried, before[0]["exam"]), steps.scores(tried)
        trained = list(dict.fromkeys([preferring, tried]))
        found |= {"learned": learned, "trained": trained, "tried": tried, "exam_of": exam, "scores_of": scores}
        found["trained_tokens"] = sum(_tokens(each) for each in trained)
        made += [*trained, f"corpus:{exam}", *([f"scores:{scores}"] if scores else [])]
        found["why_not"] = why_not(config, before, exam, scores, tried)
        mark(config, scores, tried, found["why_not"])
        if not found["why_not"]:
            found |= {"taken": True, "policy": tried, "exam": exam, "scores": scores}
    return found | {"made": _hashes(*made)}


def nothing_learned(config: LoopConfig, ranked: str) -> list[str]:
    """Why a ranked round teaches nothing, a sentence each; empty where it does."""
    if not config.trains:
        return [f"{config.model} cannot be trained here; what it could be taught by is kept"]
    facts = read_json(artifact("corpora", ranked) / "round.json")
    fallen = [f"{name}: {why}" for name, of in facts["families"].items() for why in of["diversity"]["below"]]
    if fallen:
        return fallen
    number = sum(lines_of(ranked, file) for file in LEARNED[config.learning.what])
    if number < config.learning.fewest:
        return [f"{number} pairs or examples came of it, and {config.learning.fewest} are wanted"]
    return []


def _hashes(*specs: str) -> dict[str, str]:
    return {spec: content_hash(spec) or "" for spec in specs}


def _tokens(run: str) -> int:
    name = run.removeprefix("run:")
    return int(read_json(artifact("runs", name) / "manifest.json")["summary"]["tokens"])
