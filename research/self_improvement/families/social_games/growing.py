"""Rows for growing a small model from scratch: what policies say in the games that a few words are enough for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from research.self_improvement.families.family import Messages
from research.self_improvement.families.social_games.family import HARDEST_TRAINED, SocialGames, opened
from research.self_improvement.families.social_games.game import Game, Policy, S, View
from research.self_improvement.families.social_games.policies import POLICIES
from research.self_improvement.families.social_games.prompts import to_move
from research.self_improvement.families.social_games.richness import played

TEACHERS: Mapping[str, str] = {"reference": "vague", "bargaining": "fair"}
"""Whom rows are drawn from: no masters, so that there is something left to learn by playing."""


def rows(rng: random.Random, *, teachers: Mapping[str, str] = TEACHERS) -> Iterator[dict[str, Any]]:
    """Rows without end, each a situation and what is said in it, of settings that no examination has."""
    family = SocialGames(small=True)
    while True:
        challenge = family.written(rng, rng.randint(0, HARDEST_TRAINED))
        game, setting = opened(challenge)
        about = {"family": family.name, "level": challenge.difficulty, "skill": challenge.skill, "kind": "move"}
        for messages in _said(game, setting, POLICIES[game.name][teachers[game.name]], rng):
            yield {"messages": messages, "meta": about}


def _said(game: Game[S], setting: S, policy: Policy, rng: random.Random) -> list[Messages]:
    """All that is said in one game."""
    found = list[Messages]()

    def says(view: View, rng: random.Random) -> str:
        said = policy(view, rng)
        found.append([*to_move(game.name, view, small=True), {"role": "assistant", "content": said}])
        return said

    played(game, setting, dict.fromkeys(game.seats(setting), says), rng)
    return found
