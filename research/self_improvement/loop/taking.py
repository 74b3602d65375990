"""Whether what a round made of the policy is taken: not where it surely lost what it could."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from espalier.artifacts.gates import Change, Gates, write_gates
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_jsonl
from espalier.models.references import resolve
from research.self_improvement.examination.figures import Scored, beside
from research.self_improvement.loop.config import LoopConfig, Stop
from stage2.asking import change, withheld
from stage2.gates import lost


def why_not(
    config: LoopConfig, before: Sequence[Mapping[str, Any]], exam: str, scores: str | None, policy: str
) -> list[str]:
    """Why it is not taken, a sentence each; empty where it is."""
    reasons = list(_fallen(before, exam)) if config.stop.fall else []
    if scores and (why := _lost(config, scores, policy)):
        reasons.append(why)
    return reasons


def stopped(rounds: Sequence[Mapping[str, Any]], stop: Stop) -> str:
    """Why a loop ends after these rounds; empty where it goes on."""
    last = rounds[-stop.refused :]
    if len(rounds) > stop.refused and not any(each["taken"] for each in last):
        return f"{stop.refused} rounds in a row were not taken, the last because {last[-1]['why_not'][0]}"
    return ""


def mark(config: LoopConfig, scores: str | None, policy: str, reasons: Sequence[str]) -> None:
    """Write beside the weights what a policy was held to, so that whoever lists or exports it is told."""
    suite = config.core.suite
    change = _change(config, scores, policy) if scores else None
    regressed = bool(suite and scores and lost(suite, change, withheld(scores)))
    gates = Gates(
        passed=not reasons,
        regressed=regressed,
        reasons=list(reasons),
        scores={suite: scores} if suite and scores else {},
        changes={suite: change} if suite and change else {},
    )
    write_gates(artifact("runs", policy.removeprefix("run:")), gates)


def _lost(config: LoopConfig, scores: str, policy: str) -> str:
    assert config.core.suite
    return lost(config.core.suite, _change(config, scores, policy), withheld(scores))


def _change(config: LoopConfig, scores: str, policy: str) -> Change | None:
    start, ours = (resolve(each).name for each in (config.model, policy))
    return change(scores, ours, beside=start, allowed=config.core.may_lose)


def _fallen(before: Sequence[Mapping[str, Any]], exam: str) -> Iterator[str]:
    """The families in which it is surely below the best of the rounds before, which were taken."""
    now = _scored(exam)
    for family, ours in now.items():
        earlier = {each["exam"]: _scored(each["exam"])[family] for each in before}
        name, best = max(earlier.items(), key=lambda pair: sum(each.won for each in pair[1]))
        found = beside(ours, best)["all"]
        difference = found and found["difference"]
        if difference and difference["high"] < 0:
            yield (
                f"{family}: it fell from {_share(best):.3f} in {name} to {_share(ours):.3f} "
                f"({difference['value']:+.3f}, {difference['low']:+.3f} to {difference['high']:+.3f})"
            )


def _scored(exam: str) -> dict[str, list[Scored]]:
    found: dict[str, list[Scored]] = {}
    for line in read_jsonl(artifact("corpora", exam) / "scored.jsonl"):
        found.setdefault(line["family"], []).append(Scored(**line))
    return found


def _share(scored: Sequence[Scored]) -> float:
    return sum(each.won for each in scored) / len(scored)
