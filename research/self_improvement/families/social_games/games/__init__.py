"""The games, a file each."""

from __future__ import annotations

from typing import Any

from research.self_improvement.families.social_games.game import Game
from research.self_improvement.families.social_games.games.bargaining import Bargaining
from research.self_improvement.families.social_games.games.dilemma import RepeatedDilemma
from research.self_improvement.families.social_games.games.hidden_role import HiddenRoleGame
from research.self_improvement.families.social_games.games.reference import ReferenceGame

GAMES: dict[str, Game[Any]] = {
    game.name: game for game in (Bargaining(), RepeatedDilemma(), HiddenRoleGame(), ReferenceGame())
}
"""By name."""
LEVELS = 6
"""Difficulties that settings are dealt in."""
SMALL = ("reference", "bargaining")
"""Those in which a model takes part that knows a few words only."""
