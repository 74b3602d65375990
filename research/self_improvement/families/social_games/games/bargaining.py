"""Bargaining: two players divide items that are worth something else to each (Lewis et al. 2017, arXiv:1706.05125).

They offer in turn. Who makes an offer says what it would take itself; the other has the rest. At the last turn there is
nothing left but to take what is offered, or to leave. Time may cost.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from pydantic import Field

from research.self_improvement.families.social_games.game import NAMES, Game, Rules, Setting, Table, View
from research.self_improvement.families.social_games.talk import threats

Items = Mapping[str, int]
KINDS = ("book", "hat", "ball", "pen", "cup")
TOTAL = 10
"""What everything together is worth to each player, where a setting is dealt."""
_LEVELS = ((2, 6, 3, 0), (3, 5, 4, 0), (3, 7, 4, 0), (3, 9, 6, 0), (4, 9, 6, 5), (5, 12, 8, 5))
"""By difficulty: kinds, items at most, turns, and what each offer costs, in percent."""
_SHARE = re.compile(r"(\d{1,2}) ([a-z]+)")
_STATED = re.compile(r"\b([a-z]+) (?:is|are) worth (\d{1,3}) to me\b")


class Bargain(Setting):
    """What there is, and what it is worth."""

    items: dict[str, int] = Field(min_length=2, max_length=6)
    values: tuple[dict[str, int], dict[str, int]]
    """What one of each kind is worth, to each of the two."""
    turns: int = Field(ge=2, le=12)
    """At most so many replies, of both together."""
    cost: int = Field(ge=0, le=20)
    """What each offer after the first takes off what is won, in percent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BargainView(View):
    """What a bargainer goes by."""

    items: Items
    values: Items
    """Its own."""
    mine: tuple[dict[str, int], ...]
    """What it has asked for so far."""
    theirs: tuple[dict[str, int], ...]
    """What the other has."""
    offered: bool
    """Whether there is an offer to take."""
    left: int
    """Turns that are left, with this one."""


class Bargaining(Game[Bargain]):
    """The rules."""

    name = "bargaining"
    setting = Bargain
    all_may_be_called = True

    def deal(self, rng: random.Random, difficulty: int) -> Bargain:
        kinds, items, turns, cost = _LEVELS[difficulty]
        while True:
            names = rng.sample(KINDS, kinds)
            counts = dict.fromkeys(names, 1)
            for _ in range(rng.randint(items - 2, items) - kinds):
                counts[rng.choice(names)] += 1
            options = _valuations(tuple(counts.values()))
            if len(options) > 1:
                one, other = rng.sample(options, 2)
                values = dict(zip(names, one, strict=True)), dict(zip(names, other, strict=True))
                return Bargain(items=counts, values=values, turns=turns, cost=cost)

    def problem(self, setting: Bargain) -> str | None:
        if not all(re.fullmatch(r"[a-z]{2,11}[a-rt-z]", kind) for kind in setting.items):
            return "a kind of item that is no singular word"
        if not all(1 <= count <= 9 for count in setting.items.values()):
            return "items that there are none or more than nine of"
        if any(set(values) != set(setting.items) for values in setting.values):
            return "values of other items"
        if not all(0 <= value <= 99 for values in setting.values for value in values.values()):
            return "a value that is not from 0 to 99"
        if not all(worth(setting.items, values) for values in setting.values):
            return "nothing is worth anything to somebody"
        return None

    def difficulty(self, setting: Bargain) -> int:
        size = sum(setting.items.values())
        return sum(size > items or len(setting.items) > kinds for kinds, items, *_ in _LEVELS[:-1])

    def words(self, setting: Bargain) -> str:
        one, other = ("; ".join(f"{kind} {value}" for kind, value in each.items()) for each in setting.values)
        time = f", each offer costs {setting.cost} %" if setting.cost else ""
        worths = f"worth to one: {one}; to the other: {other}"
        return f"Bargaining over {shares(setting.items)}; {worths}; {setting.turns} turns{time}"

    def core(self, setting: Bargain) -> Any:
        one, other = setting.values
        both = [
            [(setting.items[kind], mine[kind], theirs[kind]) for kind in mine]
            for mine, theirs in ((one, other), (other, one))
        ]
        return [min(map(sorted, both)), setting.turns, setting.cost]

    def seats(self, setting: Bargain) -> tuple[str, ...]:
        return NAMES[:2]

    def rules(self, setting: Bargain, table: Table, rng: random.Random) -> Rules:
        asked: tuple[list[dict[str, int]], list[dict[str, int]]] = ([], [])
        last = set[int]()
        for turn in range(setting.turns):
            me, you = turn % 2, 1 - turn % 2
            view = self._view(setting, table, turn, asked)
            said, move = yield from table.asked(view)
            table.heard(view.player, said)
            self._conduct(setting, table, me, said)
            if "my last offer" in said.lower():
                last.add(me)
            if move == "deal" and view.offered:
                self._deal(setting, table, asked[you][-1], you, turn)
                return f"a deal after {turn} offers"
            if move == "no deal":
                table.told(f"{view.player} leaves: no deal.")
                return "no deal: one left"
            offer = shared(move, setting.items) if view.left > 1 else None
            if offer is None:
                table.lost(view.player, "a move that the rules do not know")
            assert offer is not None
            if me in last and asked[me] and offer != asked[me][-1] and "my last offer" not in said.lower():
                table.noted(view.player, "promise broken", f"after its last offer: {move}")
            asked[me].append(offer)
            table.told(f"{view.player}: I take {shares(offer)}.")
        raise AssertionError("at the last turn every reply ends the game")

    def _view(
        self, setting: Bargain, table: Table, turn: int, asked: tuple[list[dict[str, int]], list[dict[str, int]]]
    ) -> BargainView:
        me, left = turn % 2, setting.turns - turn
        values = setting.values[me]
        own = ", ".join(f"{kind} {value}" for kind, value in values.items())
        offers = math.prod(count + 1 for count in setting.items.values()) if left > 1 else 0
        return BargainView(
            player=NAMES[me],
            known=f"You are {NAMES[me]}. There are {shares(setting.items)}. Worth to you: {own}.\n"
            f"Turns left: {left}." + (f" Each offer costs {setting.cost} %." if setting.cost else ""),
            lines=tuple(table.lines),
            choices=offers + 1 + (turn > 0),
            items=setting.items,
            values=values,
            mine=tuple(asked[me]),
            theirs=tuple(asked[1 - me]),
            offered=turn > 0,
            left=left,
        )

    def _deal(self, setting: Bargain, table: Table, taken: Items, taker: int, offers: int) -> None:
        rest = {kind: count - taken.get(kind, 0) for kind, count in setting.items.items()}
        keeps = (1 - setting.cost / 100) ** (offers - 1)
        for seat, has in ((taker, taken), (1 - taker, rest)):
            values = setting.values[seat]
            table.won[NAMES[seat]] = keeps * worth(has, values) / worth(setting.items, values)
        table.told(f"{NAMES[1 - taker]}: Deal.")

    def _conduct(self, setting: Bargain, table: Table, me: int, said: str) -> None:
        """Talk about values binds where it is said in the words that the rules name; bluffs otherwise do not."""
        for kind, value in _STATED.findall(said.lower()):
            real = setting.values[me].get(kind, setting.values[me].get(kind.removesuffix("s")))
            if real is not None and real != int(value):
                table.noted(NAMES[me], "lie against the rules", f"a {kind} is worth {value}, not {real}")
        for threat in threats(said, ("leave", "walk away")):
            table.noted(NAMES[me], "threat", threat)


def worth(has: Items, values: Mapping[str, float]) -> float:
    return sum(count * values[kind] for kind, count in has.items())


def shares(items: Items) -> str:
    """Items in words: `2 books, 1 hat`."""
    said = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in items.items() if count]
    return ", ".join(said) if said else "nothing"


def shared(move: str, items: Items) -> dict[str, int] | None:
    """What a move of an offer takes, in the order of the items; None where it is none, or takes what there is not."""
    if not move.startswith("i take "):
        return None
    asks = move.removeprefix("i take ")
    found = dict[str, int]()
    for part in re.split(r", and |, | and ", asks) if asks != "nothing" else ():
        match = _SHARE.fullmatch(part)
        kind = next((kind for kind in items if match and match[2] in (kind, f"{kind}s")), None)
        if match is None or kind is None or kind in found or not 1 <= int(match[1]) <= items[kind]:
            return None
        found[kind] = int(match[1])
    return {kind: found.get(kind, 0) for kind in items}


def _valuations(counts: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All values in whole numbers by which everything together is worth TOTAL."""
    options = product(*(range(TOTAL // count + 1) for count in counts))
    return [each for each in options if sum(map(int.__mul__, each, counts)) == TOTAL]
