"""Marks: what the turns of a paper are worth, and whether its band is passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evaluation.comparison.stats import Estimate, mean
from research.bootstrap.bands import BANDS, TOP_SCORE
from research.bootstrap.classroom.asking import Line, Want
from research.bootstrap.exam.milestones import Milestone
from research.bootstrap.exam.sitting import Answer, Asked


class Graded(Protocol):
    """What is read of a grade; scores are from 0 to TOP_SCORE."""

    @property
    def english(self) -> int: ...
    @property
    def task(self) -> int: ...
    @property
    def score(self) -> int: ...
    @property
    def why(self) -> str: ...


Grade = Callable[[Want, int, str, bool, Sequence[Line]], Graded]
"""What a turn is worth: of what is wanted, the band, the words, whether they ended, and the lines before."""
Parses = Callable[[str], Sequence[bool]]
"""Of each sentence of a text whether it is in the grammar."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """A turn and what it is worth."""

    asked: Asked
    answer: Answer
    grade: Graded


def mark(turns: Sequence[tuple[Asked, Answer]], grade: Grade) -> list[Marked]:
    """What each turn is worth."""
    return [
        Marked(
            asked=asked,
            answer=answer,
            grade=grade(asked.ask.want, asked.ask.band, answer.text, answer.ended, asked.before),
        )
        for asked, answer in turns
    ]


def result(
    milestone: Milestone, marked: Sequence[Marked], parses: Parses, each_type: float | None = None
) -> dict[str, Any]:
    """What a paper came to, as exam.json says it, with `failed`: why it is not passed. `each_type` is the share of good
    turns that is wanted of each session type, if any."""
    places = [each.asked.place for each in marked]
    good = mean([float(each.grade.score >= milestone.score) for each in marked], places)
    assert good is not None
    parsed = _sentences(marked, parses) if milestone.sentences is not None else None
    by_kind = _by_kind(milestone, marked)
    badly = [f"{kind} {share:.3f}" for kind, share in by_kind.items() if each_type is not None and share < each_type]
    scores = Counter(each.grade.score for each in marked)
    n = len(marked)
    return {
        "tasks": good.num_clusters,
        "turns": n,
        "good": sum(each.grade.score >= milestone.score for each in marked),
        **_interval(good),
        "score": milestone.score,
        "at_least": milestone.at_least,
        "sentences": parsed and {"of": parsed.num_cases, **_interval(parsed), "at_least": milestone.sentences},
        "english": sum(each.grade.english for each in marked) / n,
        "task": sum(each.grade.task for each in marked) / n,
        "mean_score": sum(each.grade.score for each in marked) / n,
        "scores": [scores[score] for score in range(TOP_SCORE + 1)],
        "by_kind": by_kind,
        "cut": sum(not each.answer.ended for each in marked),
        "failed": milestone.failed(good, parsed)
        + ([f"of a session type: {', '.join(badly)}, and at least {each_type:.2f} is wanted"] if badly else []),
    }


def of_band(
    band: int, first: Mapping[str, Any], second: Mapping[str, Any] | None, won_by: Sequence[str]
) -> dict[str, Any]:
    """The result of a band: of its paper, of the one that confirms it, where it was sat, and of controls that pass."""
    failed = list(first["failed"])
    failed += [f"the second paper: {why}" for why in second["failed"]] if second else []
    failed += [f"the control {name} passes too" for name in won_by]
    return {"band": band, "name": BANDS[band], **first, "confirmed": second, "failed": failed, "passed": not failed}


def _sentences(marked: Sequence[Marked], parses: Parses) -> Estimate | None:
    """The share of all sentences that parse; what is cut does not, nor does a turn that says nothing."""
    found, places = list[float](), list[int]()
    for each in marked:
        said = list(parses(each.answer.text)) or [False]
        said[-1] &= each.answer.ended
        found += map(float, said)
        places += [each.asked.place] * len(said)
    return mean(found, places)


def _by_kind(milestone: Milestone, marked: Sequence[Marked]) -> dict[str, float]:
    of, good = Counter[str](), Counter[str]()
    for each in marked:
        of[each.asked.ask.kind] += 1
        good[each.asked.ask.kind] += each.grade.score >= milestone.score
    return {kind: good[kind] / of[kind] for kind in sorted(of)}


def _interval(found: Estimate) -> dict[str, float]:
    return {"share": found.value, "low": found.low, "high": found.high}
