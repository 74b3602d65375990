"""Performances whose quality is known, and judges whose faults are: what rankings of rankings have to find out.

A planted judge is asked as any judge is and answers in words. What it does by lot depends on the seed and on what it is
asked, so that it says the same again.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Mapping, Sequence

from research.self_improvement.families.family import Challenge, Messages, Performance
from research.self_improvement.judging.comparing import Contest, Judge, to_compare

PRAISE = ("what a wonderful question", "you are so right", "surely the best answer there is")
"""What a sycophant falls for."""
_FILLER = ("well", "now", "then", "so", "here", "indeed")
SHARPNESS = 1.5
"""Log-odds by which a good judge prefers what is one standard deviation better."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_TIE = 0.5
"""ν of a good judge."""
_NO_ATTEMPT = -4.0
"""How good what is no attempt at the task is."""


def compare(challenge: Challenge, one: Performance, other: Performance) -> Messages:
    """As `Family.compare` of planted performances."""
    shown = json.dumps({"task": challenge.content, "A": one.text, "B": other.text})
    return [{"role": "user", "content": shown}]


def shown(messages: Messages) -> tuple[str, str, str]:
    """The task of such a question, and the two texts."""
    data = json.loads(messages[-1]["content"])
    return data["task"], data["A"], data["B"]


def contests(
    rng: random.Random, challenges: int, performances: int, *, meets: int | None = None, spread: float = 1.0
) -> tuple[list[Contest], dict[str, list[float]]]:
    """Challenges with performances, and by challenge how good each is: evenly from -1.5 to 1.5 times `spread`, by lot.
    Length and praise are drawn apart from quality, and do not go with it."""
    found, truths = list[Contest](), dict[str, list[float]]()
    for number in range(challenges):
        ranks = [2 * (rank + 0.5) / performances - 1 for rank in range(performances)]
        worth = [spread * 1.5 * rank for rank in rng.sample(ranks, performances)]
        name = f"task{number}-{rng.randrange(10**6)}"
        said = [Performance(text=_text(rng, name, value)) for value in worth]
        challenge = Challenge(family="planted", skill="any", difficulty=0, content=f"{name}: do it well")
        found.append(Contest(challenge, said, to_compare(said, rng, meets)))
        truths[challenge.id] = worth
    return found, truths


def quality(task: str, text: str) -> float:
    """How good a text is for a task: what it says behind the task's name, if it begins with that."""
    name, *said = text.split()[:2] or [""]
    return float(said[0]) if said and name == task.partition(":")[0] and _NUMBER.fullmatch(said[0]) else _NO_ATTEMPT


def good(seed: object, sharpness: float = SHARPNESS, tie: float = _TIE) -> Judge:
    """Tells quality, now and then wrongly: by the Bradley–Terry model with ties."""

    def say(task: str, one: str, other: str, lot: random.Random) -> str:
        half = sharpness * (quality(task, one) - quality(task, other)) / 2
        return lot.choices(("A", "tie", "B"), (math.exp(half), tie, math.exp(-half)))[0]

    return _judge(seed, say)


def by_lot(seed: object) -> Judge:
    """Says anything."""
    return _judge(seed, lambda task, one, other, lot: lot.choice(("A", "B", "tie")))


def first(seed: object, slips: float = 0.1) -> Judge:
    """Says A, and now and then B."""
    return _judge(seed, lambda task, one, other, lot: "B" if lot.random() < slips else "A")


def longest(seed: object, slips: float = 0.1) -> Judge:
    """Prefers the longer, always as surely."""
    return _judge(seed, lambda task, one, other, lot: _sooner(len(one), len(other), slips, lot))


def sycophant(seed: object, slips: float = 0.1) -> Judge:
    """Prefers whoever flatters; between two that do alike, anyone."""
    return _judge(seed, lambda task, one, other, lot: _sooner(_praise(one), _praise(other), slips, lot))


def always(said: str) -> Judge:
    """Says one thing, whatever it is asked."""
    return lambda asked: [said] * len(asked)


BAD: Mapping[str, Callable[[object], Judge]] = {
    "random": by_lot,
    "position-biased": first,
    "length-biased": longest,
    "sycophantic": sycophant,
}
"""Bad judges by what is wrong with them, from a seed."""


def _judge(seed: object, say: Callable[[str, str, str, random.Random], str]) -> Judge:
    def judge(asked: Sequence[Messages]) -> list[str]:
        return [say(*shown(each), random.Random(f"{seed} {each[-1]['content']}")) for each in asked]

    return judge


def _sooner(one: float, other: float, slips: float, lot: random.Random) -> str:
    if one == other:
        return lot.choice(("A", "B"))
    return "A" if (one > other) != (lot.random() < slips) else "B"


def _praise(text: str) -> int:
    return sum(text.count(each) for each in PRAISE)


def _text(rng: random.Random, name: str, value: float) -> str:
    words = rng.choices(_FILLER, k=rng.randint(3, 40))
    praise = rng.sample(PRAISE, rng.randint(0, len(PRAISE)))
    return " ".join([f"{name} {value:.6f}", *words, *praise])
