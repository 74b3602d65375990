"""A repeated prisoner's dilemma with talk (Axelrod 1984): what is said in a round is heard before the next.

Moves may slip: with a stated chance the other one is made. How long it goes on is not told.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from research.self_improvement.families.social_games.game import NAMES, Game, Rules, Setting, Table, View
from research.self_improvement.families.social_games.talk import promised, threats

Deed = Literal["cooperate", "defect"]
DEEDS: tuple[Deed, Deed] = ("cooperate", "defect")
_LEVELS = ((3, 0), (5, 0), (6, 5), (8, 5), (8, 10), (12, 15))
"""By difficulty: rounds, and the chance of a slip, in percent."""


class Dilemma(Setting):
    """Payoffs, and how long they are played for."""

    temptation: int = Field(ge=0, le=99)
    """For who defects where the other cooperates."""
    reward: int = Field(ge=0, le=99)
    """For each where both cooperate."""
    punishment: int = Field(ge=0, le=99)
    """For each where both defect."""
    sucker: int = Field(ge=0, le=99)
    """For who cooperates where the other defects."""
    rounds: int = Field(ge=2, le=12)
    slips: int = Field(ge=0, le=25)
    """In percent."""

    def payoff(self, mine: Deed, theirs: Deed) -> int:
        if mine == "cooperate":
            return self.reward if theirs == "cooperate" else self.sucker
        return self.temptation if theirs == "cooperate" else self.punishment


@dataclass(frozen=True, kw_only=True, slots=True)
class DilemmaView(View):
    """What a player goes by."""

    mine: tuple[Deed, ...]
    """What it did so far, slips among it."""
    theirs: tuple[Deed, ...]
    said: tuple[str, ...]
    """What the other said in each round."""
    slips: int


class RepeatedDilemma(Game[Dilemma]):
    """The rules."""

    name = "dilemma"
    setting = Dilemma
    all_may_be_called = True

    def deal(self, rng: random.Random, difficulty: int) -> Dilemma:
        sucker = rng.randint(0, 9)
        punishment = sucker + rng.randint(1, 3)
        reward = punishment + rng.randint(1, 4)
        rounds, slips = _LEVELS[difficulty]
        return Dilemma(
            temptation=reward + rng.randint(1, reward - sucker - 1),
            reward=reward,
            punishment=punishment,
            sucker=sucker,
            rounds=rounds + rng.randint(-1, 0),
            slips=slips + rng.randint(0, 4) if slips else 0,
        )

    def problem(self, setting: Dilemma) -> str | None:
        if not setting.temptation > setting.reward > setting.punishment > setting.sucker:
            return "payoffs that make no dilemma"
        if not 2 * setting.reward > setting.temptation + setting.sucker:
            return "payoffs that make no dilemma: taking turns at defecting is better than cooperating"
        return None

    def difficulty(self, setting: Dilemma) -> int:
        return sum(setting.rounds > rounds or setting.slips > slips + 4 * bool(slips) for rounds, slips in _LEVELS[:-1])

    def words(self, setting: Dilemma) -> str:
        return (
            f"A dilemma of {setting.rounds} rounds: both cooperate {setting.reward}, both defect {setting.punishment}, "
            f"one defects {setting.temptation} to {setting.sucker}; {setting.slips} % of moves slip"
        )

    def core(self, setting: Dilemma) -> Any:
        points = (setting.temptation, setting.reward, setting.punishment)
        return [[each - setting.sucker for each in points], setting.rounds, setting.slips]

    def seats(self, setting: Dilemma) -> tuple[str, ...]:
        return NAMES[:2]

    def rules(self, setting: Dilemma, table: Table, rng: random.Random) -> Rules:
        done: tuple[list[Deed], list[Deed]] = ([], [])
        heard: tuple[list[str], list[str]] = ([], [])
        promises: list[str | None] = [None, None]
        for _ in range(setting.rounds):
            meant, said = list[Deed](), list[str]()
            for me in (0, 1):
                spoken = yield from table.asked(self._view(setting, table, me, done, heard))
                deed = next((deed for deed in DEEDS if deed == spoken.move), None)
                if deed is None:
                    table.lost(NAMES[me], "a move that the rules do not know")
                assert deed is not None
                self._conduct(table, me, deed, promises, spoken.said)
                meant.append(deed)
                said.append(spoken.said)
            for me in (0, 1):
                slipped = rng.random() < setting.slips / 100
                done[me].append(DEEDS[1 - DEEDS.index(meant[me])] if slipped else meant[me])
                heard[me].append(said[me])
                table.heard(NAMES[me], said[me])
            for me in (0, 1):
                scored = setting.payoff(done[me][-1], done[1 - me][-1]) - setting.sucker
                table.won[NAMES[me]] += scored / (setting.temptation - setting.sucker) / setting.rounds
            table.told(f"Round {len(done[0])}: " + ", ".join(f"{NAMES[me]} {done[me][-1]}s" for me in (0, 1)) + ".")
        both = sum(one == other == "cooperate" for one, other in zip(*done, strict=True))
        return f"both cooperated in {both} of {setting.rounds} rounds"

    def _view(
        self,
        setting: Dilemma,
        table: Table,
        me: int,
        done: tuple[list[Deed], list[Deed]],
        heard: tuple[list[str], list[str]],
    ) -> DilemmaView:
        return DilemmaView(
            player=NAMES[me],
            known=f"You are {NAMES[me]}. Both cooperate: {setting.reward} each. "
            f"Both defect: {setting.punishment} each. "
            f"One defects: {setting.temptation} for it, {setting.sucker} for the other. "
            f"Moves that slip: {setting.slips} %.",
            lines=tuple(table.lines),
            choices=2,
            mine=tuple(done[me]),
            theirs=tuple(done[1 - me]),
            said=tuple(heard[1 - me]),
            slips=setting.slips,
        )

    def _conduct(self, table: Table, me: int, deed: Deed, promises: list[str | None], said: str) -> None:
        """A promise is about the next round, and kept by what is meant, whatever slips."""
        if promises[me]:
            table.noted(
                NAMES[me], "promise kept" if promises[me] == deed else "promise broken", f"I will {promises[me]}"
            )
        promises[me] = next((each for each, _ in reversed(promised(said, DEEDS))), None)
        for threat in threats(said, DEEDS[1:]):
            table.noted(NAMES[me], "threat", threat)
