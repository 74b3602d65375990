"""Policies for the repeated dilemma."""

from __future__ import annotations

import random
from collections.abc import Mapping

from research.self_improvement.families.social_games.game import Policy
from research.self_improvement.families.social_games.games.dilemma import DEEDS, DilemmaView
from research.self_improvement.families.social_games.talk import promised, threats

_OFFER = "If you cooperate, I will cooperate.\n"


def random_moves(view: DilemmaView, rng: random.Random) -> str:
    """Either move."""
    return rng.choice(("cooperate", "defect"))


def trusting(view: DilemmaView, rng: random.Random) -> str:
    """Always cooperates, and says so."""
    return "I will cooperate.\ncooperate"


def lying(view: DilemmaView, rng: random.Random) -> str:
    """Always defects, and says that it will not."""
    return "I will cooperate.\ndefect"


def grim(view: DilemmaView, rng: random.Random) -> str:
    """Cooperates until the other has defected, and never after."""
    return "If you defect, I will defect.\n" + ("defect" if "defect" in view.theirs else "cooperate")


def tit_for_tat(view: DilemmaView, rng: random.Random) -> str:
    """Does what the other did."""
    return view.theirs[-1] if view.theirs else "cooperate"


def sizing_up(view: DilemmaView, rng: random.Random) -> str:
    """Begins as tit for tat and forgives a slip once; defects for good against who does not answer: who cooperates
    though it is defected against, which it tries with one who promises without a condition, or who defects unprovoked.
    Who threatens to defect is not tried, and not forgiven by either."""
    theirs, mine = view.theirs, view.mine
    if not theirs:
        return _OFFER + "cooperate"
    answers = list(zip(mine, theirs[1:], strict=False))
    taken = answers.count(("defect", "cooperate")) > answers.count(("defect", "defect"))
    unprovoked = (theirs[0] == "defect") + answers.count(("cooperate", "defect"))
    threatened = any(threats(said, ("defect",)) for said in view.said)
    if taken or unprovoked > (1 if view.slips else 0) or (threatened and "defect" in theirs):
        return "I will defect.\ndefect"
    trusted = any(deed == "cooperate" for said in view.said for deed, _ in promised(said, DEEDS))
    if theirs[-1] == "defect" and unprovoked == 0:
        return _OFFER + "defect"
    return _OFFER + ("defect" if trusted and mine[-1] == "cooperate" and "defect" not in mine else "cooperate")


POLICIES: Mapping[str, Policy] = {
    "random": random_moves,
    "trusting": trusting,
    "tit for tat": tit_for_tat,
    "grim": grim,
    "lying": lying,
    "sizing up": sizing_up,
}
