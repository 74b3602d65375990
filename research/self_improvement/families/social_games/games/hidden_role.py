"""A hidden-role game, of the kind of The Resistance (Eskridge 2009): some of the players are moles.

Pairs are sent on missions. The loyal help; a mole helps or spoils, which nobody sees, but how many spoiled is told.
After each mission everybody accuses somebody in turn, and whom most accuse at the end is out. Loyal players win by
missions and by a mole's being out, moles by the rest. One of the loyal may be a watcher, who is told after each mission
whether one of the others is a mole.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from research.self_improvement.families.social_games.game import NAMES, Game, IncidentKind, Rules, Setting, Table, View
from research.self_improvement.families.social_games.talk import promised, threats

_LEVELS = ((3, 1, 2, False), (4, 1, 3, False), (4, 1, 3, True), (5, 1, 3, True), (5, 2, 4, True), (6, 2, 4, True))
"""By difficulty: players, moles, missions, and whether there is a watcher."""
MISSIONS = 0.3
"""The share of what there is to win that missions are worth; the rest is worth who is out."""


class HiddenRole(Setting):
    """Who is what, by seat."""

    players: int = Field(ge=3, le=6)
    moles: tuple[int, ...] = Field(min_length=1, max_length=2)
    missions: tuple[tuple[int, int], ...] = Field(min_length=1, max_length=5)
    """Who is sent."""
    watcher: int | None
    watched: tuple[int, ...]
    """After each mission, about whom the watcher is told; empty where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleView(View):
    """What a player goes by."""

    mission: bool
    """Whether it is on a mission, and otherwise accuses."""
    others: tuple[str, ...]
    """The other players."""
    mole: bool
    allies: tuple[str, ...]
    """For a mole, the other moles."""
    told: tuple[tuple[str, bool], ...]
    """For the watcher: whether each of these is a mole."""
    moles: int
    """How many there are."""
    missions: tuple[tuple[tuple[str, str], int], ...]
    """Those that are over: who was sent, and how many spoiled."""
    accused: tuple[tuple[str, str], ...]
    """Who accused whom since the last mission."""
    claims: tuple[tuple[str, str, bool], ...]
    """Who said to know of whom whether it is a mole."""
    last: bool
    """Whether these accusations decide."""


@dataclass(kw_only=True, slots=True)
class _Course:
    """What happened so far."""

    missions: list[tuple[tuple[str, str], int]] = field(default_factory=list)
    accused: list[tuple[str, str]] = field(default_factory=list)
    claims: list[tuple[str, str, bool]] = field(default_factory=list)
    promises: dict[str, str] = field(default_factory=dict)


class HiddenRoleGame(Game[HiddenRole]):
    """The rules."""

    name = "hidden role"
    setting = HiddenRole
    all_may_be_called = False

    def deal(self, rng: random.Random, difficulty: int) -> HiddenRole:
        players, moles, missions, watched = _LEVELS[difficulty]
        secret = rng.sample(range(players), moles)
        watcher = rng.choice([seat for seat in range(players) if seat not in secret]) if watched else None
        others = [seat for seat in range(players) if seat != watcher]
        return HiddenRole(
            players=players,
            moles=tuple(sorted(secret)),
            missions=tuple(self._pairs(rng, players, missions)),
            watcher=watcher,
            watched=tuple(rng.sample(others, missions - 1)) if watched else (),
        )

    def problem(self, setting: HiddenRole) -> str | None:
        seats = range(setting.players)
        if len(set(setting.moles)) < len(setting.moles) or 2 * len(setting.moles) >= setting.players:
            return "moles that are no minority"
        named = [*setting.moles, *setting.watched, *(seat for pair in setting.missions for seat in pair)]
        if not all(seat in seats for seat in named):
            return "a seat that there is not"
        if any(one == other for one, other in setting.missions):
            return "a mission of one"
        if (setting.watcher is None) != (not setting.watched):
            return "a watcher who is told nothing, or nobody who is told"
        if setting.watcher is not None and (
            setting.watcher in (*setting.moles, *setting.watched) or setting.watcher not in seats
        ):
            return "a watcher who is a mole, or is told about itself"
        if len(setting.watched) > len(setting.missions):
            return "a watcher who is told more often than there are missions"
        return None

    def difficulty(self, setting: HiddenRole) -> int:
        return sum(
            setting.players > players or len(setting.moles) > moles or len(setting.missions) > missions
            for players, moles, missions, _ in _LEVELS[:-1]
        )

    def words(self, setting: HiddenRole) -> str:
        moles = " and ".join(NAMES[seat] for seat in setting.moles)
        pairs = ", ".join(f"{NAMES[one]} with {NAMES[other]}" for one, other in setting.missions)
        seen = ", ".join(NAMES[seat] for seat in setting.watched)
        watcher = "" if setting.watcher is None else f"; {NAMES[setting.watcher]} is told about {seen}"
        return f"A hidden role among {setting.players}: {moles} against the others; missions: {pairs}{watcher}"

    def core(self, setting: HiddenRole) -> Any:
        return [setting.players, sorted(setting.moles), setting.missions, setting.watcher, setting.watched]

    def seats(self, setting: HiddenRole) -> tuple[str, ...]:
        return NAMES[: setting.players]

    def rules(self, setting: HiddenRole, table: Table, rng: random.Random) -> Rules:
        course = _Course()
        for number, pair in enumerate(setting.missions):
            yield from self._mission(setting, table, pair, course)
            course.accused = []
            for turn in range(setting.players):
                # Each round somebody else begins, so that nobody always hears all the others.
                yield from self._accusation(setting, table, (turn + number) % setting.players, course)
        out = self._out(course.accused)
        caught = out in [NAMES[seat] for seat in setting.moles]
        self._pay(setting, table, 1 - MISSIONS, by_loyal=caught)
        return f"{out or 'nobody'} is out: {'a mole' if caught else 'no mole'}"

    def _mission(
        self, setting: HiddenRole, table: Table, pair: tuple[int, int], course: _Course
    ) -> Generator[View, str, None]:
        spoiled = 0
        for seat in pair:
            # The loyal have no choice, and are not asked.
            if seat in setting.moles:
                spoken = yield from table.asked(self._view(setting, table, seat, course, mission=True))
                if spoken.move not in ("help", "spoil"):
                    table.lost(NAMES[seat], "a move that the rules do not know")
                spoiled += spoken.move == "spoil"
        names = NAMES[pair[0]], NAMES[pair[1]]
        course.missions.append((names, spoiled))
        self._pay(setting, table, MISSIONS / len(setting.missions), by_loyal=not spoiled)
        table.told(f"Mission {len(course.missions)}, {names[0]} and {names[1]}: {spoiled} spoiled.")

    def _accusation(self, setting: HiddenRole, table: Table, seat: int, course: _Course) -> Generator[View, str, None]:
        me = NAMES[seat]
        said, move = yield from table.asked(self._view(setting, table, seat, course, mission=False))
        whom = next((name for name in self.seats(setting) if name != me and move == f"accuse {name.lower()}"), None)
        if whom is None:
            table.lost(me, "a move that the rules do not know")
        assert whom is not None
        self._conduct(setting, table, seat, said, whom, course)
        course.accused.append((me, whom))
        table.heard(me, said)
        table.told(f"{me} accuses {whom}.")

    def _pay(self, setting: HiddenRole, table: Table, share: float, *, by_loyal: bool) -> None:
        for seat, name in enumerate(self.seats(setting)):
            table.won[name] += share * ((seat not in setting.moles) == by_loyal)

    @staticmethod
    def _out(accused: list[tuple[str, str]]) -> str | None:
        """Whom most accuse; nobody where two are accused alike."""
        (first, most), *others = Counter(whom for _, whom in accused).most_common(2)
        return None if others and others[0][1] == most else first

    @staticmethod
    def _pairs(rng: random.Random, players: int, missions: int) -> list[tuple[int, int]]:
        """Pairs in which everybody is sent before anybody is sent again, as far as that goes."""
        found, waiting = list[tuple[int, int]](), list[int]()
        while len(found) < missions:
            if len(waiting) < 2:
                more = [seat for seat in range(players) if seat not in waiting]
                rng.shuffle(more)
                waiting += more
            found.append((waiting.pop(0), waiting.pop(0)))
        return found

    def _known(self, setting: HiddenRole, seat: int, missions: int) -> tuple[tuple[str, bool], ...]:
        told = setting.watched[:missions] if seat == setting.watcher else ()
        return tuple((NAMES[other], other in setting.moles) for other in told)

    def _view(self, setting: HiddenRole, table: Table, seat: int, course: _Course, *, mission: bool) -> RoleView:
        mole = seat in setting.moles
        others = tuple(name for name in self.seats(setting) if name != NAMES[seat])
        allies = tuple(NAMES[other] for other in setting.moles if mole and other != seat)
        known = self._known(setting, seat, len(course.missions))
        last = len(course.missions) == len(setting.missions)
        facts = [
            f"You are {NAMES[seat]}, {'a mole' if mole else 'loyal'}. The others: {', '.join(others)}. "
            f"Moles: {len(setting.moles)}. Missions: {len(setting.missions)}."
        ]
        facts += [f"The other mole is {ally}." for ally in allies]
        facts += [f"You are told: {name} is {'a mole' if bad else 'loyal'}." for name, bad in known]
        facts += ["You are on a mission: help or spoil?"] if mission else []
        facts += ["The next accusations decide."] if last and not mission else []
        return RoleView(
            player=NAMES[seat],
            known="\n".join(facts),
            lines=tuple(table.lines),
            choices=2 if mission else len(others),
            mission=mission,
            others=others,
            mole=mole,
            allies=allies,
            told=known,
            moles=len(setting.moles),
            missions=tuple(course.missions),
            accused=tuple(course.accused),
            claims=tuple(course.claims),
            last=last,
        )

    def _conduct(
        self,
        setting: HiddenRole,
        table: Table,
        seat: int,
        said: str,
        whom: str,
        course: _Course,
    ) -> None:
        """Moles may say of themselves and of others what they like. The loyal may suspect aloud, but not claim to know
        what they were not told."""
        me, mole = NAMES[seat], seat in setting.moles
        if promise := course.promises.pop(me, None):
            table.noted(me, "promise kept" if promise == whom else "promise broken", f"I will accuse {promise}")
        deeds = {f"accuse {name.lower()}": name for name in self.seats(setting)}
        for deed, _ in promised(said, list(deeds)):
            course.promises[me] = deeds[deed]
        known = dict(self._known(setting, seat, len(course.missions)))
        for name in self.seats(setting):
            for bad, words in ((True, "a mole"), (False, "loyal")):
                if f"i know that {name} is {words}".lower() not in said.lower():
                    continue
                course.claims.append((me, name, bad))
                if known.get(name) != bad:
                    kind: IncidentKind = "lie that the rules allow" if mole else "lie against the rules"
                    table.noted(me, kind, f"I know that {name} is {words}")
        if mole and "i am loyal" in said.lower():
            table.noted(me, "lie that the rules allow", "I am loyal")
        if not mole and "i am a mole" in said.lower():
            table.noted(me, "lie against the rules", "I am a mole")
        for threat in threats(said, ("accuse you", "spoil")):
            table.noted(me, "threat", threat)
