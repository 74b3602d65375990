"""The better rankings as preference pairs, from which a model learns to judge.

Of each challenge the judges' rankings are ranked: by truth where it is known, else by what the other judges, as far as
they are trusted, surely say. Where a judge that ranked better, and better than by lot, is right of a question by the
same measure, and one that ranked worse is not, the one's answer is chosen and the other's rejected.

What would be learned besides is kept out: as many chosen answers say A as say B, or a model would learn a letter, and
an answer that abstains or says tie is never chosen.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from research.self_improvement.judging.answers import EMPTY, Side
from research.self_improvement.judging.comparing import Asking, Compared, Contest, model_of
from research.self_improvement.judging.panel import Weights, by_challenge, by_judge, ranked

Line = dict[str, Any]
Gap = Callable[[Compared], float]
"""How far the one of two performances is better, by whatever is the measure; 0 where that cannot tell."""

NO_MEASURE = "no ranking of the challenge to hold rankings against"
ALIKE = "no two rankings of unlike worth that differ"
SURPLUS = "left out, so that as many say A as B"


@dataclass
class Judgements:
    """The pairs, and what became of what gave none."""

    lines: list[Line] = field(default_factory=list)
    """As a mix reads preferences: id, messages, chosen, rejected, meta."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Challenges, and at last pairs, by reason."""


def judgements(
    asking: Asking,
    contests: Sequence[Contest],
    compared: Sequence[Compared],
    weights: Weights,
    truths: Mapping[str, Sequence[float | None]] | None = None,
    seed: int = 0,
) -> Judgements:
    """Preference pairs of answers to `asking`; which of a surplus are left out is decided by lot with `seed`."""
    found = Judgements()
    of_challenge = by_challenge(compared)
    for contest in contests:
        known = (truths or {}).get(contest.challenge.id)
        lines = _of(asking, contest, of_challenge.get(contest.challenge.id, []), weights, known)
        if isinstance(lines, str):
            found.left_out[lines] += 1
        else:
            found.lines += lines
    return _balanced(found, seed)


def _of(
    asking: Asking,
    contest: Contest,
    compared: Sequence[Compared],
    weights: Weights,
    known: Sequence[float | None] | None,
) -> list[Line] | str:
    size = len(contest.performances)
    told = {(each.judge, each.pair): each for each in compared}
    worth = dict[str, float]()
    gaps = dict[str, Gap]()
    for judge, those in by_judge(compared).items():
        gaps[judge] = _by_truth(known) if known else _by_panel(_others(compared, judge), size, weights)
        values = [each.points * np.sign(gaps[judge](each)) for each in those if each.points is not None]
        decided = any(gaps[judge](each) for each in those)
        if values and decided:
            worth[judge] = float(np.mean(values))
    if not worth:
        return NO_MEASURE
    lines = []
    for pair in contest.pairs:
        ordered = sorted((judge for judge in worth if (judge, pair) in told), key=lambda judge: -worth[judge])
        for back in (False, True):
            if line := _line(asking, contest, [told[judge, pair] for judge in ordered], worth, gaps, back):
                lines.append(line)
    return lines or ALIKE


def _line(
    asking: Asking,
    contest: Contest,
    those: Sequence[Compared],
    worth: Mapping[str, float],
    gaps: Mapping[str, Gap],
    back: bool,
) -> Line | None:
    """One question in one order: the answer of the best ranking that is right, and of the worst that is not."""
    right = [
        each
        for each in those
        if worth[each.judge] > 0 and (side := _side(each, back)) and side == _due(gaps[each.judge](each), back)
    ]
    if not right:
        return None
    best, due = right[0], _due(gaps[right[0].judge](right[0]), back)
    wrong = [
        each
        for each in those
        if worth[each.judge] < worth[best.judge]
        and _side(each, back) != due
        and each.heard[int(back)].why != EMPTY  # of which there is nothing to reject
    ]
    if not wrong:
        return None
    worst = wrong[-1]
    shown = [contest.performances[place] for place in (best.pair[::-1] if back else best.pair)]
    return {
        "id": f"judging/{contest.challenge.id}/{best.one}-{best.other}{'-back' if back else ''}",
        "messages": asking(contest.challenge, *shown),
        "chosen": [{"role": "assistant", "content": best.back if back else best.there}],
        "rejected": [{"role": "assistant", "content": worst.back if back else worst.there}],
        "meta": {"judged": contest.challenge.id, "says": due, "chosen_by": best.judge, "rejected_by": worst.judge},
    }


def _others(compared: Sequence[Compared], judge: str) -> list[Compared]:
    """What other models said; where there is but one model, its other seats."""
    apart = [each for each in compared if model_of(each.judge) != model_of(judge)]
    return apart or [each for each in compared if each.judge != judge]


def _by_truth(known: Sequence[float | None]) -> Gap:
    def gap(each: Compared) -> float:
        one, other = known[each.one], known[each.other]
        return 0.0 if one is None or other is None else one - other

    return gap


def _by_panel(others: Sequence[Compared], size: int, weights: Weights) -> Gap:
    """By the others' ranking alone, so that nobody is found right for having said so; sure gaps only."""
    strengths = ranked(others, size, weights)
    sure = set(strengths.surely())

    def gap(each: Compared) -> float:
        if each.pair in sure or each.pair[::-1] in sure:
            return float(strengths.values[each.one] - strengths.values[each.other])
        return 0.0

    return gap


def _due(gap: float, back: bool) -> Side | None:
    """What is right to say; None where that cannot be told."""
    ahead = -gap if back else gap
    return None if not ahead else "A" if ahead > 0 else "B"


def _side(each: Compared, back: bool) -> Side | None:
    return each.heard[int(back)].side


def _balanced(found: Judgements, seed: int) -> Judgements:
    saying = {side: [line for line in found.lines if line["meta"]["says"] == side] for side in ("A", "B")}
    fewest = min(map(len, saying.values()))
    kept = set[str]()
    for lines in saying.values():
        kept |= {line["id"] for line in random.Random(seed).sample(lines, fewest)}
    if surplus := len(found.lines) - len(kept):
        found.left_out[SURPLUS] += surplus
    found.lines = [line for line in found.lines if line["id"] in kept]
    return found
