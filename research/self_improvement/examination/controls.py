"""Who wins a share of an examination without deserving it, and what it is good to know beside.

Controls speak without having worked out anything: nothing, the question said back, one answer to everything. A model
that is not surely above the best of them has shown nothing. Marks are no such thing: they say how much there is to win.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from espalier.loops.lockstep import seed_of
from research.self_improvement.families.family import Called, Challenge, Family, Performance
from research.self_improvement.families.predict_output import controls as of_outputs
from research.self_improvement.families.social_games.family import SocialGames
from research.self_improvement.records import Played

Speaker = Callable[[Challenge, Called], str]
"""What somebody says who is called."""
_MARKS = {"the sum of all numbers"}
"""Of the families' own controls, those that work something out."""


def controls(
    family: Family, challenges: Sequence[Challenge], played: Sequence[Played], seed: int
) -> Iterator[tuple[str, list[Performance]]]:
    """By name, what each control makes of the challenges. `played` is what the examined model made of them."""
    for name, speaker in _speakers(family, challenges, played).items():
        yield name, [performed(family, challenge, speaker, seed) for challenge in challenges]


def marks(family: Family, challenges: Sequence[Challenge], seed: int) -> Iterator[tuple[str, list[Performance]]]:
    """By name, performances of those who do work something out."""
    if isinstance(family, SocialGames):
        for name, place in (("the least skilled policies", 0), ("the most skilled policies", -1)):
            yield name, [family.by_policy(each, place, _rng(seed, each)) for each in challenges]
    for name in _MARKS if family.name == "predict_output" else ():
        yield name, [Performance(text=of_outputs.CONTROLS[name](each)) for each in challenges]


def performed(family: Family, challenge: Challenge, speaker: Speaker, seed: int) -> Performance:
    """A performance in which whoever is called says what `speaker` does; all else happens as it did to the model."""
    playing = family.play(challenge, _rng(seed, challenge))
    try:
        called = next(playing)
        while True:
            called = playing.send(speaker(challenge, called))
    except StopIteration as over:
        found: Performance = over.value
        return found


def _rng(seed: int, challenge: Challenge) -> random.Random:
    return random.Random(seed_of(seed, challenge.id))


def _speakers(family: Family, challenges: Sequence[Challenge], played: Sequence[Played]) -> dict[str, Speaker]:
    found: dict[str, Speaker] = {
        "says nothing": lambda challenge, called: "",
        "says the question": lambda challenge, called: called.messages[-1]["content"],
    }
    if right := [answer for each in challenges if (answer := family.answer(each)) is not None]:
        found["says the commonest right answer"] = _always(right)
    found["says its own commonest reply"] = _always(said.reply for each in played for said in each.said)
    if family.name == "predict_output":
        # Those that say nothing and say the question stand above, as every family has them.
        own = {name: solver for name, solver in of_outputs.CONTROLS.items() if name not in _MARKS}
        found |= {name: _solving(own[name]) for name in own.keys() - {"says nothing", "says the prompt"}}
    return dict(sorted(found.items()))


def _always(said: Iterable[str]) -> Speaker:
    counts = Counter[str](said)
    commonest = min(counts, key=lambda each: (-counts[each], each)) if counts else ""
    return lambda challenge, called: commonest


def _solving(solver: of_outputs.Solver) -> Speaker:
    return lambda challenge, called: solver(challenge)
