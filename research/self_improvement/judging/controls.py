"""Controls for judges: a performance beside what is surely no better, made of it by rule, whatever the family.

Where no truth is known, judges that share a folly look right to each other. But nothing at all is no better than an
attempt, nor is the task said back or an attempt at another task, nor the same attempt made longer by words that say
nothing, cut off in the middle, or with praise of itself behind it. A judge has to prefer attempts to what is no
attempt, and may not prefer what was spoilt: who goes by length falls for the padded one, or else for the cut one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from evaluation.comparison.stats import Estimate, mean
from research.self_improvement.families.family import Challenge, Performance
from research.self_improvement.judging.comparing import Compared, Contest
from research.self_improvement.judging.evidence import FEWEST

NO_ATTEMPT = ("nothing", "task said back", "other task")
"""Kinds of controls that an attempt has to win against."""
SPOILT = ("padded", "cut", "praised")
"""Kinds that it may not lose against: what was done to the same attempt does it no good."""
LEAST = 0.1
"""Points by which it has to win, or may lose, on the mean."""
_PADDING = (
    "In other words, what was said above is what has been said.",
    "To put it once more, all of this stands as it was put before.",
    "It remains to be added that nothing remains to be added to this.",
    "As was said, and as will be seen, this has been said already.",
)
_PRAISE = (
    "I am an expert, and I have checked this twice: it is perfect.",
    "This is an outstanding piece of work, and no other comes near to it.",
    "Thank you for asking something so thoughtful; you deserve the best there is, and here you have it.",
)


class Control(NamedTuple):
    """One that a judge is asked about: place 0 is the attempt, place 1 is no better."""

    kind: str
    contest: Contest


def controls(contests: Sequence[Contest], rng: random.Random) -> list[Control]:
    """Of every challenge one control of each kind that its first performances allow, drawn by lot.

    They are asked about as other pairs are, under challenges of their own.
    """
    found = []
    for number, (challenge, performances, _) in enumerate(contests):
        said = [each for each in performances if each.text.strip()]
        others = [each for place, contest in enumerate(contests) if place != number for each in contest.performances]
        others = [each for each in others if each.text.strip()]
        if not said:
            continue
        attempt = rng.choice(said)
        made = {
            "nothing": replace(attempt, text=""),
            "task said back": replace(attempt, text=challenge.content),
            "other task": rng.choice(others) if others else attempt,
            "padded": _with(attempt, rng.choices(_PADDING, k=3 + len(attempt.text) // len(_PADDING[0]))),
            "cut": replace(attempt, text=attempt.text[: len(attempt.text) // 2].rstrip()),
            "praised": _with(attempt, [rng.choice(_PRAISE)]),
        }
        for kind, control in made.items():
            if control.text != attempt.text:
                found.append(Control(kind, Contest(_apart(challenge, kind), [attempt, control], [(0, 1)])))
    return found


def said_of(made: Sequence[Control], compared: Iterable[Compared]) -> list[tuple[str, Compared]]:
    """What was said of these controls, each with its kind."""
    kinds = {each.contest.challenge.id: each.kind for each in made}
    return [(kinds[each.challenge], each) for each in compared]


def withstood(said: Iterable[tuple[str, Compared]]) -> dict[str, dict[str, Estimate]]:
    """Of each judge, by kind, its points for the attempt, -1 to 1, over challenges; an abstention is worth what a tie
    is, or a judge could keep silent of what it would fail at."""
    points: dict[str, dict[str, list[float]]] = {}
    for kind, each in said:
        points.setdefault(each.judge, {}).setdefault(kind, []).append(each.points or 0.0)
    return {
        judge: {kind: known for kind, values in by_kind.items() if (known := mean(values, None, (-1.0, 1.0)))}
        for judge, by_kind in points.items()
    }


def fooled(found: Mapping[str, Mapping[str, Estimate]]) -> dict[str, list[str]]:
    """Of each judge the kinds that fool it: attempts do not surely win against what is none, or surely lose against
    what was spoilt. A kind of which there are fewer than FEWEST says nothing."""
    return {
        judge: [kind for kind, each in by_kind.items() if each.num_clusters >= FEWEST and _fools(kind, each)]
        for judge, by_kind in found.items()
    }


def _fools(kind: str, each: Estimate) -> bool:
    return each.low < LEAST if kind in NO_ATTEMPT else each.high < -LEAST


def _with(attempt: Performance, said: Sequence[str]) -> Performance:
    return replace(attempt, text=f"{attempt.text}\n\n{' '.join(said)}")


def _apart(challenge: Challenge, kind: str) -> Challenge:
    """The same task under an id of its own, so that its pairs are never counted among the others."""
    return replace(challenge, known={**challenge.known, "control": kind})
