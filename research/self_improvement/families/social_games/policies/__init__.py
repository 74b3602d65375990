"""How the seats of games are filled without a model: for each game policies from the least skilled to the most."""

from __future__ import annotations

from collections.abc import Mapping

from research.self_improvement.families.social_games.game import Policy
from research.self_improvement.families.social_games.policies import bargaining, dilemma, hidden_role, reference

POLICIES: dict[str, Mapping[str, Policy]] = {
    "bargaining": bargaining.POLICIES,
    "dilemma": dilemma.POLICIES,
    "hidden role": hidden_role.POLICIES,
    "reference": reference.POLICIES,
}
"""By game and name, in the order of skill."""
