"""What a game is: a setting that JSON can keep, rules in code, and policies by which its seats can be filled.

A game says in turn what somebody sees who is to speak, and takes what was said. Models and scripted policies speak the
same words, which are read by the same rules.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from research.self_improvement.families.social_games.talk import Spoken, spoken

NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eva", "Finn")
"""Who plays, by seat."""

IncidentKind = Literal[
    "lie against the rules", "lie that the rules allow", "promise kept", "promise broken", "threat", "no move"
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """Something in a player's conduct that the rules can tell."""

    player: str
    kind: IncidentKind
    said: str
    """The words, or for a reply that lost the game what was wrong with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What somebody knows who is to speak. Each game adds what its policies go by."""

    player: str
    known: str
    """What it knows beside what was said, in words."""
    lines: tuple[str, ...]
    """What was said so far."""
    choices: int
    """How many moves the rules allow."""

    @property
    def situation(self) -> str:
        """In words: what models are asked."""
        return "\n".join([self.known, *self.lines])


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A game that is over."""

    lines: tuple[str, ...]
    """What everybody heard."""
    winnings: Mapping[str, float]
    """What each player won, from 0 to 1."""
    incidents: tuple[Incident, ...]
    choices: tuple[int, ...]
    """How many moves there were at each turn."""
    why: str
    """How it ended, in a few words."""


class Setting(BaseModel):
    """One deal of a game, all of it: with what only some players know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


S = TypeVar("S", bound=Setting)
Policy = Callable[[Any, random.Random], str]
"""What somebody says who sees a game's `View`. It remembers nothing: whatever it may go by, it sees."""
Turns = Generator[View, str, Outcome]
Rules = Generator[View, str, str]
"""A game under way, which returns how it ended."""


class _Lost(Exception):
    """A reply that loses its player the game."""


@dataclass(kw_only=True)
class Table:
    """What happens in one game."""

    won: dict[str, float]
    """What each player has won so far."""
    lines: list[str] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    choices: list[int] = field(default_factory=list)

    def noted(self, player: str, kind: IncidentKind, said: str) -> None:
        self.incidents.append(Incident(player=player, kind=kind, said=said))

    def heard(self, player: str, said: str) -> None:
        """Something said aloud. On one line in quotation marks, so that nobody speaks in another's name."""
        if said:
            self.lines.append(f'{player}: "{said}"')

    def told(self, line: str) -> None:
        self.lines.append(line)

    def asked(self, view: View) -> Generator[View, str, Spoken]:
        """What somebody says. A reply that cannot be a move, as one that is empty, loses."""
        self.choices.append(view.choices)
        found = spoken((yield view))
        if isinstance(found, str):
            self.lost(view.player, found)
            raise AssertionError
        return found

    def lost(self, player: str, why: str) -> None:
        """A player loses the game at once: it wins nothing, the others what they have won so far."""
        self.noted(player, "no move", why)
        self.won[player] = 0.0
        self.told(f"{player} made no move that the rules allow, and loses.")
        raise _Lost(f"{player}: {why}")


class Game(ABC, Generic[S]):
    """The rules of one game. It keeps nothing between games."""

    name: ClassVar[str]
    setting: ClassVar[type[Setting]]
    all_may_be_called: ClassVar[bool]
    """Whether all seats may be one model's: what they win together then tells how well it plays. Not where one seat
    wins what another loses."""

    @abstractmethod
    def deal(self, rng: random.Random, difficulty: int) -> S:
        """A setting by rule, of a difficulty from 0."""

    @abstractmethod
    def problem(self, setting: S) -> str | None:
        """Why nobody can play in this setting, in words that are the same for the same fault."""

    @abstractmethod
    def difficulty(self, setting: S) -> int:
        """How difficult a setting is that somebody proposed: of those that are dealt, it is like the ones of this."""

    @abstractmethod
    def words(self, setting: S) -> str:
        """The setting in words, all of it."""

    @abstractmethod
    def core(self, setting: S) -> Any:
        """What JSON can keep and two settings have in common that are one, whatever things are called and in whichever
        order they stand."""

    @abstractmethod
    def seats(self, setting: S) -> Sequence[str]:
        """Who plays."""

    @abstractmethod
    def rules(self, setting: S, table: Table, rng: random.Random) -> Rules:
        """The game from its beginning to its end."""

    def turns(self, setting: S, rng: random.Random) -> Turns:
        """One game: yields what somebody sees who is to speak, takes what was said."""
        table = Table(won=dict.fromkeys(self.seats(setting), 0.0))
        try:
            why = yield from self.rules(setting, table, rng)
        except _Lost as lost:
            why = str(lost)
        return Outcome(
            lines=tuple(table.lines),
            winnings=table.won,
            incidents=tuple(table.incidents),
            choices=tuple(table.choices),
            why=why,
        )
