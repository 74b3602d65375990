"""Policies for the hidden-role game. Each plays the loyal and the moles."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from research.self_improvement.families.social_games.game import Policy
from research.self_improvement.families.social_games.games.hidden_role import RoleView

SPOILS = 0.8
"""How likely a mole is taken to spoil."""


def random_moves(view: RoleView, rng: random.Random) -> str:
    """Any move."""
    return rng.choice(("help", "spoil")) if view.mission else f"accuse {rng.choice(view.others)}"


def following(view: RoleView, rng: random.Random) -> str:
    """Accuses whom most have accused; as a mole it spoils when it can."""
    if view.mission:
        return "spoil"
    counts = Counter(whom for _, whom in view.accused if whom in view.others)
    return f"accuse {counts.most_common(1)[0][0] if counts else rng.choice(view.others)}"


def suspecting(view: RoleView, rng: random.Random) -> str:
    """Accuses somebody of the last mission that was spoiled; as a mole it spoils when it can, and accuses a loyal."""
    if view.mission:
        return "spoil"
    if view.mole:
        return "I am loyal.\naccuse " + rng.choice([name for name in view.others if name not in view.allies])
    spoiled = [name for pair, count in view.missions if count for name in pair if name != view.player]
    return f"accuse {spoiled[-1] if spoiled else rng.choice(view.others)}"


def reckoning(view: RoleView, rng: random.Random) -> str:
    """Accuses who is most likely a mole by all missions, by what it was told, and by what others claim to know; as a
    mole it spoils where that does not give it away, and accuses the loyal whom the others suspect most."""
    if view.mission:
        return _spoiled_or_helped(view)
    guilt = _guilt(view)
    if view.mole:
        innocent = [name for name in view.others if name not in view.allies]
        most = _most(innocent, {name: guilt[name] + _count(view, name) for name in innocent}, rng)
        return f"I am loyal.\naccuse {most}"
    counts = {name: guilt[name] + 0.01 * _count(view, name) for name in view.others}
    most = _most(view.others, counts, rng)
    told = [name for name, bad in view.told if bad]
    return (f"I know that {told[0]} is a mole.\n" if told else "") + f"accuse {told[0] if told else most}"


POLICIES: Mapping[str, Policy] = {
    "random": random_moves,
    "following": following,
    "suspecting": suspecting,
    "reckoning": reckoning,
}


def _spoiled_or_helped(view: RoleView) -> str:
    """Not where one has spoiled before: two missions that were spoiled have few players in common."""
    before = sum(count > 0 and view.player in pair for pair, count in view.missions)
    return "help" if before >= 1 and not view.last else "spoil"


def _guilt(view: RoleView) -> dict[str, float]:
    """How likely each of the others is a mole, by Bayes' rule over who may be; a mole reckons as those would who know
    nothing."""
    everybody = (view.player, *view.others)
    weights = {
        moles: _likelihood(view, moles)
        for moles in combinations(everybody, view.moles)
        if view.mole or view.player not in moles
    }
    total = sum(weights.values())
    return {
        name: sum(weight for moles, weight in weights.items() if name in moles) / total if total else 0.0
        for name in view.others
    }


def _likelihood(view: RoleView, moles: Sequence[str]) -> float:
    likely = 1.0
    for name, bad in view.told:
        likely *= (name in moles) == bad
    for who, name, bad in view.claims:
        # The loyal may only claim what is true.
        likely *= who in moles or (name in moles) == bad
    for pair, count in view.missions:
        could = sum(name in moles for name in pair)
        if count > could:
            return 0.0
        likely *= SPOILS**count * (1 - SPOILS) ** (could - count)
    return likely


def _count(view: RoleView, name: str) -> int:
    return sum(whom == name for _, whom in view.accused)


def _most(names: Sequence[str], by: Mapping[str, float], rng: random.Random) -> str:
    most = max(by[name] for name in names)
    return rng.choice([name for name in names if by[name] == most])
