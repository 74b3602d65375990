"""How far raters agree with one another and with themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.comparison.krippendorff import Alpha, Level, krippendorff
from evaluation.judges.base import DIMENSIONS
from feedback.rating.content import Ask
from feedback.rating.questions import BETTER, OVERALL, Verdict
from feedback.rating.store import Vote


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Agreement on one question."""

    name: str
    label: str
    alpha: Alpha


def among_raters(votes: Sequence[Vote], ask: Ask) -> list[Agreement]:
    """α of first votes, by question: nominal for which reply is better, ordinal for grades and verdicts."""
    given: dict[str, dict[str, list[int]]] = {}
    for vote in votes:
        if vote.verdict is not None and not vote.repeat:
            for name, value in _values(vote.verdict, ask).items():
                given.setdefault(name, {}).setdefault(vote.content, []).append(value)
    level: Level = "nominal" if ask == "pairs" else "ordinal"
    found = []
    for name, label, size in _questions(ask):
        if name in given:
            alpha = krippendorff(list(given[name].values()), size, level, sides=ask == "pairs")
            found.append(Agreement(name=name, label=label, alpha=alpha))
    return found


def of_rater(votes: Sequence[Vote], ask: Ask) -> dict[str, Any]:
    """One rater's votes: how many, how many passed over, how often the same said again, and how often of the left."""
    first = {vote.content: vote for vote in votes if not vote.repeat and vote.verdict is not None}
    again = [vote for vote in votes if vote.repeat and vote.verdict is not None and vote.content in first]
    same = total = 0
    for vote in again:
        one, other = (_values(each.verdict or {}, ask) for each in (first[vote.content], vote))
        both = one.keys() & other.keys()
        same += sum(one[name] == other[name] for name in both)
        total += len(both)
    sided = [
        (vote.verdict["better"] == "first") != vote.swapped
        for vote in votes
        if ask == "pairs" and vote.verdict is not None and vote.verdict["better"] != "equal" and vote.origin == "page"
    ]
    return {
        "votes": sum(vote.verdict is not None for vote in votes),
        "skipped": sum(vote.verdict is None for vote in votes),
        "repeats": len(again),
        "answers_again": total,
        "same_again": same,
        "sided": len(sided),
        "left": sum(sided),
    }


def _values(verdict: Verdict, ask: Ask) -> dict[str, int]:
    if ask == "pairs":
        return {"better": BETTER.index(verdict["better"])}
    found = {name: list(DIMENSIONS[name].values).index(said) for name, said in verdict.items() if name != "overall"}
    return found | ({"overall": verdict["overall"] - 1} if "overall" in verdict else {})


def _questions(ask: Ask) -> list[tuple[str, str, int]]:
    if ask == "pairs":
        return [("better", "which reply is better", len(BETTER))]
    overall = ("overall", "good as teaching", len(OVERALL))
    return [overall, *((each.name, each.label, len(each.values)) for each in DIMENSIONS.values())]
