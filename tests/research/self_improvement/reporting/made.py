"""A loop of made-up rounds whose examinations are held of planted models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from espalier.artifacts.gates import Change, Gates, write_gates
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import append_jsonl, write_json, write_jsonl
from research.self_improvement.examination.holding import hold
from tests.research.self_improvement.examination.planted import examiner, kept, knows, speaks

FAMILY = "predict_output"
CHALLENGES = examiner().challenges[FAMILY]
NAMES = {f"round{number}": knows(CHALLENGES, lambda each, lot, n=number: lot * 10 < 2 + 2 * n) for number in range(4)}  # type: ignore[misc]


@cache
def exam(number: int) -> dict[str, Any]:
    """The examination of a round's model, against round 0's from round 1 on."""
    model, models = f"round{number}", speaks(NAMES)
    if not number:
        return {"model": model, **hold(examiner(), model, models).facts}
    first = kept(hold(examiner(), "round0", models))
    return {"model": model, **hold(examiner(), model, models, judges=["round0"], first=first).facts}


def ranked(number: int, text: str) -> dict[str, Any]:
    measured = {
        "num": 8, "size": 8, "vendi": 4.0 + number, "clusters": 3.0, "distinct_1": 0.5, "distinct_2": 0.75,
        "self_bleu": 0.4,
    }  # fmt: skip
    estimate = {"value": 0.5, "low": 0.25, "high": 0.75, "num_cases": 9, "num_clusters": 9}
    return {
        "diversity": {
            "challenges": measured,
            "reference": measured,
            "skills": {text: 8},
            "num_skills": [2.0, 3.0],
            "repetition": [{"skill": "all skills", "num": 8, "copies": 1, "repeated": 2, "by_age": {}, "templates": 5}],
            "performances": {"challenges": 8, "distinct": 0.5, "all_equal": 1, "empty": 0, "canned": 0.25},
            "below": [text],
        },
        "standings": [{"judge": text, "trust": 0.5, "by": "truth", "trusted": True, "weight": 1.0}],
        "evidence": [
            {"judge": text, "asked": 9, "told": 9, "truth": estimate, "agreement": None, "consistency": estimate,
             "transitivity": None, "first": estimate, "fooled_by": ["padded"], "longer": None}
        ],
        "coverage": {"niches": 5, "elites": 8, "qd_score": 4.5},
        "meta_adds": estimate,
        "pass_rate": 0.4,
        "pairs": 7,
        "proposal_pairs": 2,
        "judgement_pairs": 1,
        "left_out": {"pairs": {"all equal": 3}, "proposals": {}, "judgements": {}},
        "refused": {text: 2},
        "best": [CHALLENGES[0].id],
    }  # fmt: skip


@dataclass
class History:
    """What a loop keeps."""

    folder: Any
    rounds: list[Mapping[str, Any]] = field(default_factory=list)
    ended: str = ""


def history(
    name: str, count: int, *, text: str = "sums", gone: int | None = None, nothing: int | None = None
) -> History:
    """A loop of `count` rounds after round 0 in the workspace; `text` stands wherever a model may write. Round 3 is not
    taken, the examination of round `gone` is gone, and round `nothing` trained nothing."""
    folder = artifact("loops", name)
    found = History(SimpleNamespace(folder=folder))
    write_json(folder / "loop.json", {"config": {}})
    for number in range(count + 1):
        part = {each: f"{name}-r{number:02d}-{each}" for each in ("exam", "ranked", "challenges", "performances")}
        if number != gone:
            write_json(artifact("corpora", part["exam"]) / "exam.json", exam(number))
        append_jsonl(folder / "times.jsonl", {"step": part["exam"], "seconds": 3.0})
        policy = f"run:{name}-r{number:02d}-core"
        fact: dict[str, Any] = {"number": number, "policy": policy, "exam": part["exam"], "scores": None}
        if number:
            _ranked(part, number, text)
            fact |= part | {"trained_tokens": 1000 * number, "taken": number % 3 > 0, "why_not": []}
            fact |= {"tried": policy, "exam_of": part["exam"]}
            if not fact["taken"]:  # the loop goes on with what it had
                fact |= {key: found.rounds[-1][key] for key in ("policy", "exam")} | {"why_not": [text]}
            if number == nothing:
                fact |= {"tried": None, "exam_of": None, "taken": False, "exam": found.rounds[-1]["exam"]}
                fact["why_not"] = ["0 pairs came of it"]
            _gated(policy.removeprefix("run:"))
        found.rounds.append(fact)
    return found


def _gated(run: str) -> None:
    change = Change(
        column="accuracy", parent=0.5, variant=0.45, difference=-0.05, low=-0.1, high=0.0, allowed=0.1, cases=90
    )
    artifact("runs", run).mkdir(parents=True)
    write_gates(
        artifact("runs", run), Gates(passed=True, regressed=False, reasons=[], scores={}, changes={"recast": change})
    )


def _ranked(part: Mapping[str, str], number: int, text: str) -> None:
    creative = {"sets": [text, "by rule"], "scores": [0.75, 0.25], "agreement": 0.9, "num": 4, "refused": {}}
    facts = {"families": {FAMILY: ranked(number, text)}, "creativity": {FAMILY: creative}}
    write_json(artifact("corpora", part["ranked"]) / "round.json", facts)
    line = {"id": CHALLENGES[0].id, **asdict(CHALLENGES[0]), "content": text}
    write_jsonl(artifact("corpora", part["challenges"]) / "challenges.jsonl", [line])
    said = [{"challenge": CHALLENGES[0].id, "performance": {"text": text, "facts": {}}}]
    write_jsonl(artifact("corpora", part["performances"]) / "performances.jsonl", said)


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("report.md", "dashboard.html")}
