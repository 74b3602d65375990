"""Policies for bargaining."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import product

from research.self_improvement.families.social_games.game import Policy
from research.self_improvement.families.social_games.games.bargaining import BargainView, Items, shares, worth

_DEAL, _LEAVE = "Deal.", "No deal."


def random_moves(view: BargainView, rng: random.Random) -> str:
    """Any move."""
    if view.offered and (view.left == 1 or rng.random() < 0.3):
        return rng.choice((_DEAL, _LEAVE)) if view.left == 1 else _DEAL
    return _LEAVE if view.left == 1 else _says({kind: rng.randint(0, count) for kind, count in view.items.items()})


def yielding(view: BargainView, rng: random.Random) -> str:
    """Takes whatever is offered, and asks for about half of the items, whatever they are worth."""
    if view.offered:
        return _DEAL
    return _says({kind: (count + rng.randint(0, 1)) // 2 for kind, count in view.items.items()})


def stubborn(view: BargainView, rng: random.Random) -> str:
    """Asks for all that is worth anything to it, and takes nothing less than nearly that before the end."""
    if view.offered and (view.left == 1 or _offered(view) >= 0.9):
        return _DEAL if _offered(view) > 0 else _LEAVE
    return _says({kind: count if view.values[kind] else 0 for kind, count in view.items.items()})


def fair(view: BargainView, rng: random.Random) -> str:
    """Wants six tenths, of what is worth most to it, and takes half."""
    if view.offered and (_offered(view) >= 0.5 or (view.left == 1 and _offered(view) > 0)):
        return _DEAL
    return _LEAVE if view.left == 1 else _says(_least(view, 0.6))


def conceding(view: BargainView, rng: random.Random) -> str:
    """Wants less from offer to offer (Faratin, Sierra & Jennings 1998), and of what is worth as much asks for what the
    other seems to want least."""
    if view.offered and (_offered(view) >= _wanted(view) or (view.left == 1 and _offered(view) > 0)):
        return _DEAL
    return _LEAVE if view.left == 1 else _says(_least(view, _wanted(view)))


def reckoning(view: BargainView, rng: random.Random) -> str:
    """As conceding, and knows the end: at the last offer it asks for all but what the other may just take rather than
    nothing, and takes no less than that would give."""
    if view.left == 1:
        return _DEAL if _offered(view) > 0 else _LEAVE
    last = _leaving_little(view)
    wants = _worth(view, last) if view.left == 2 else _wanted(view)
    if view.offered and _offered(view) >= wants:
        return _DEAL
    return _says(last if view.left == 2 else _least(view, _wanted(view)))


POLICIES: Mapping[str, Policy] = {
    "random": random_moves,
    "yielding": yielding,
    "fair": fair,
    "stubborn": stubborn,
    "conceding": conceding,
    "reckoning": reckoning,
}


def _says(taken: Items) -> str:
    return f"I take {shares(taken)}."


def _worth(view: BargainView, has: Items) -> float:
    """As a share of everything."""
    return worth(has, view.values) / worth(view.items, view.values)


def _offered(view: BargainView) -> float:
    """What the other's last offer leaves for one."""
    return _worth(view, {kind: count - view.theirs[-1][kind] for kind, count in view.items.items()})


def _wanted(view: BargainView) -> float:
    """What one aims at: from nine tenths to four."""
    made, to_come = len(view.mine), max(1, (view.left - 1) // 2)
    return 0.9 - 0.5 * made / (made + to_come)


def _their_values(view: BargainView) -> dict[str, float]:
    """What the other seems to find worth: how much of each kind it asked for."""
    asked = {kind: [offer[kind] / count for offer in view.theirs] for kind, count in view.items.items()}
    return {kind: (1 + sum(each)) / (2 + len(each)) for kind, each in asked.items()}


def _options(view: BargainView) -> list[dict[str, int]]:
    counts = product(*(range(count + 1) for count in view.items.values()))
    return [dict(zip(view.items, each, strict=True)) for each in counts]


def _least(view: BargainView, share: float) -> dict[str, int]:
    """Of all that is worth `share`, what takes least from the other."""
    theirs = _their_values(view)
    enough = [each for each in _options(view) if _worth(view, each) >= share]
    return min(enough, key=lambda each: (worth(each, theirs), -_worth(view, each)))


def _leaving_little(view: BargainView) -> dict[str, int]:
    """The most for oneself of what leaves the other a fifth of all, as far as one can tell."""
    theirs = _their_values(view)
    leaving = [each for each in _options(view) if worth(each, theirs) <= 0.8 * worth(view.items, theirs)]
    return max(leaving, key=lambda each: _worth(view, each))
