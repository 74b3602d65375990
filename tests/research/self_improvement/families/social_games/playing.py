"""Games played with replies that are given."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from research.self_improvement.families.family import Called, Challenge, Performance
from research.self_improvement.families.social_games.family import SocialGames
from research.self_improvement.families.social_games.game import Game, Outcome, Setting


def told(game: Game[Any], setting: Setting, replies: Iterable[str], seed: int = 0) -> Outcome:
    """A game in which these replies are given in turn, whoever speaks."""
    turns = game.turns(setting, random.Random(seed))
    next(turns)
    for reply in replies:
        try:
            turns.send(reply)
        except StopIteration as over:
            outcome: Outcome = over.value
            return outcome
    raise AssertionError("the game is not over")


def conduct(outcome: Outcome) -> list[tuple[str, str]]:
    return [(each.player, each.kind) for each in outcome.incidents]


def always(family: SocialGames, challenge: Challenge, reply: str | None, seed: int = 0) -> Performance:
    """A performance in which every called seat says this; None for the prompt itself."""
    playing = family.play(challenge, random.Random(seed))
    called: Called = next(playing)
    try:
        while True:
            called = playing.send(called.messages[-1]["content"] if reply is None else reply)
    except StopIteration as over:
        performance: Performance = over.value
        return performance


def scores(family: SocialGames, challenges: Sequence[Challenge], reply: str | None) -> list[float]:
    found = [family.verify(each, [always(family, each, reply)], None)[0].score for each in challenges]
    return [score for score in found if score is not None]
