"""Policies for the reference game. Each gives hints and picks."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import combinations

from research.self_improvement.families.social_games.game import Policy
from research.self_improvement.families.social_games.games.reference import LETTERS, PER_WORD, ReferenceView, Thing


def random_moves(view: ReferenceView, rng: random.Random) -> str:
    """Any true word; any thing."""
    return rng.choice(view.meant) if view.meant else LETTERS[rng.randrange(len(view.things))]


def vague(view: ReferenceView, rng: random.Random) -> str:
    """Any true words; anything of which the hint is true."""
    if view.meant:
        return " ".join(rng.choice(_hints(view.meant, view.words)))
    return LETTERS[rng.choice(_true_of(view.hint, view.things))]


def literal(view: ReferenceView, rng: random.Random) -> str:
    """The words that are true of the fewest things for what they cost; anything of which the hint is true."""
    if view.meant:
        return " ".join(rng.choice(_best(view.meant, view.things, view.words)))
    return LETTERS[rng.choice(_true_of(view.hint, view.things))]


def pragmatic(view: ReferenceView, rng: random.Random) -> str:
    """What one picks who thinks of what else could have been said, and what is said to such a one (Frank & Goodman
    2012)."""
    if view.meant is None:
        chances = _understood(view.hint, view.things, view.words)
        return LETTERS[rng.choices(range(len(chances)), chances)[0] if max(chances) < 1 else chances.index(1)]
    place = view.things.index(view.meant)
    gains = {
        hint: _understood(hint, view.things, view.words)[place] * (1 - PER_WORD * (len(hint) - 1))
        for hint in _hints(view.meant, view.words)
    }
    return " ".join(rng.choice([hint for hint, gain in gains.items() if gain == max(gains.values())]))


POLICIES: Mapping[str, Policy] = {
    "random": random_moves,
    "vague": vague,
    "literal": literal,
    "pragmatic": pragmatic,
}


def _hints(thing: Thing, words: int) -> list[tuple[str, ...]]:
    return [hint for size in range(1, words + 1) for hint in combinations(thing, size)]


def _true_of(hint: Sequence[str], things: Sequence[Thing]) -> list[int]:
    return [place for place, thing in enumerate(things) if set(hint) <= set(thing)]


def _best(thing: Thing, things: Sequence[Thing], words: int) -> list[tuple[str, ...]]:
    """The hints by which one who knows only what is true wins most."""
    gains = {hint: (1 - PER_WORD * (len(hint) - 1)) / len(_true_of(hint, things)) for hint in _hints(thing, words)}
    return [hint for hint, gain in gains.items() if gain == max(gains.values())]


def _understood(hint: tuple[str, ...], things: Sequence[Thing], words: int) -> list[float]:
    """How likely each thing is meant where the best hints are given; where none is like this, by what is true."""
    best = [_best(thing, things, words) for thing in things]
    chances = [(hint in each) / len(each) for each in best]
    if not any(chances):
        chances = [float(place in _true_of(hint, things)) for place in range(len(things))]
    return [chance / sum(chances) for chance in chances]
