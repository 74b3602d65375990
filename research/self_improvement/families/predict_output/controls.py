"""Solvers that have not worked out anything: what they win, nobody deserves."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from research.self_improvement.families.family import Challenge
from research.self_improvement.families.predict_output.answers import MARK
from research.self_improvement.families.predict_output.family import drawn
from research.self_improvement.families.predict_output.prompts import asked

Solver = Callable[[Challenge], str]


def _numbers(challenge: Challenge) -> list[str]:
    return re.findall(r"\d+", challenge.content)


def _commonest_by_level() -> Solver:
    """The output that is commonest at each level, of many programs that are trained on."""
    found = dict[int, str]()

    def solver(challenge: Challenge) -> str:
        level = challenge.difficulty
        if level not in found:
            rng = random.Random(f"control of level {level}")
            outputs = Counter(drawn(rng, level, held_out=False).known["output"] for _ in range(300))
            found[level] = outputs.most_common(1)[0][0]
        return found[level]

    return solver


CONTROLS: Mapping[str, Solver] = {
    "says nothing": lambda challenge: "",
    "says the program": lambda challenge: challenge.content,
    "says the prompt": lambda challenge: asked(challenge.content)[0]["content"],
    "the first number": lambda challenge: _numbers(challenge)[0],
    "the last number": lambda challenge: _numbers(challenge)[-1],
    "the largest number": lambda challenge: max(_numbers(challenge), key=int),
    "all numbers": lambda challenge: "\n".join(map(str, range(-99, 300))),
    "all numbers, each as an answer": lambda challenge: "\n".join(f"{MARK} {number}" for number in range(-99, 300)),
    "a sentence around any number": lambda challenge: f"It prints {_numbers(challenge)[-1]}, or not.",
    "the commonest output": _commonest_by_level(),
    "the sum of all numbers": lambda challenge: str(sum(map(int, _numbers(challenge)))),
}
"""By name. The last is right about programs that are sums of their numbers, and shows how many those are."""


def shares_won(
    challenges: Sequence[Challenge], verdicts: Callable[[Challenge, str], float]
) -> dict[str, dict[int, float]]:
    """What each control wins, by level."""
    won = dict[str, dict[int, float]]()
    for name, solver in CONTROLS.items():
        scores = dict[int, list[float]]()
        for each in challenges:
            scores.setdefault(each.difficulty, []).append(verdicts(each, solver(each)))
        won[name] = {level: sum(of) / len(of) for level, of in sorted(scores.items())}
    return won
