"""What is measured of games, on real ones and on games that are made to be poor or cyclic."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from research.self_improvement.families.social_games.game import Game, Policy, Rules, Setting, Table, View
from research.self_improvement.families.social_games.games import GAMES, LEVELS
from research.self_improvement.families.social_games.policies import POLICIES
from research.self_improvement.families.social_games.richness import Richness, ranked, richness

HANDS: Mapping[str, Policy] = {hand: lambda view, rng, hand=hand: hand for hand in ("rock", "paper", "scissors")}


class Hands(Game[Setting]):
    """Rock, paper, scissors; `by` decides who wins, given both hands as numbers."""

    name = "hands"
    setting = Setting
    all_may_be_called = False

    def __init__(self, by: str, rounds: int = 1) -> None:
        self._by, self._rounds = by, rounds

    def deal(self, rng: random.Random, difficulty: int) -> Setting:
        return Setting()

    def problem(self, setting: Setting) -> str | None:
        return None

    def difficulty(self, setting: Setting) -> int:
        return 0

    def words(self, setting: Setting) -> str:
        return "hands"

    def core(self, setting: Setting) -> Any:
        return []

    def seats(self, setting: Setting) -> tuple[str, ...]:
        return ("Ann", "Ben")

    def rules(self, setting: Setting, table: Table, rng: random.Random) -> Rules:
        hands = list[int]()
        for player in ("Ann", "Ben") * self._rounds:
            said = yield from table.asked(View(player=player, known="", lines=(), choices=3))
            hands.append(list(HANDS).index(said.move))
        ahead = hands[-2] - hands[-1]
        won = {"cycle": (0.5, 1.0, 0.0)[ahead % 3], "higher": 0.5 + ahead / 4, "coin": float(rng.random() < 0.5)}
        table.won |= {"Ann": won[self._by], "Ben": 1 - won[self._by]}
        return "over"


def measured(by: str, rounds: int = 1) -> Richness:
    return richness(Hands(by, rounds), [Setting()] * 20, HANDS, seed=0)


def test_rock_paper_scissors_is_cyclic_and_has_no_better_policy() -> None:
    found = measured("cycle")
    assert found.cyclic == pytest.approx(1.0)
    assert found.better.value == pytest.approx(0.0) and found.order == 0.0 and found.total == 0.0


def test_where_the_higher_hand_wins_skill_wins_and_nothing_is_cyclic() -> None:
    found = measured("higher")
    assert found.cyclic == pytest.approx(0.0, abs=1e-9)
    assert found.better.low > 0 and found.order == pytest.approx(1.0)
    assert (found.turns, found.branching) == (2, pytest.approx(3.0))


def test_a_coin_is_not_rich_however_long_it_is_tossed() -> None:
    coin = measured("coin", rounds=30)
    assert coin.better.low <= 0 and coin.total == 0.0 and coin.cyclic < 0.5
    assert ranked({"coin": coin, "higher": measured("higher")}) == ["higher", "coin"]


@pytest.mark.parametrize("name", GAMES)
def test_in_every_game_the_better_policy_wins(name: str) -> None:
    rng = random.Random(1)
    settings = [GAMES[name].deal(rng, level) for level in range(LEVELS)]
    found = richness(GAMES[name], settings, POLICIES[name], seed=1)
    assert found.better.value > 0.03, found
    assert found.order > 0.3 and found.branching > 1.5 and found.turns > 2


def test_one_policy_tells_nothing() -> None:
    with pytest.raises(ValueError, match="two policies"):
        richness(Hands("coin"), [Setting()] * 2, {"rock": HANDS["rock"]}, seed=0)
