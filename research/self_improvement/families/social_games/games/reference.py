"""A reference game (Lewis 1969; Frank & Goodman 2012): one sees which of several things is meant, and says a few words
that are true of it; the other picks. Both win what is picked right, less where more words were needed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb
from typing import Any

from pydantic import Field

from research.self_improvement.families.social_games.game import NAMES, Game, Rules, Setting, Table, View

Thing = tuple[str, ...]
Kinds = tuple[tuple[str, ...], ...]
ATTRIBUTES: Kinds = (
    ("big", "small"),
    ("plain", "striped", "dotted"),
    ("red", "blue", "green"),
    ("ball", "cup", "hat", "book"),
)
"""In the order in which they are said."""
LETTERS = "ABCDEFGH"
PER_WORD = 0.2
"""What each word after the first takes off what is won."""
_LEVELS = (
    ((2, 3), 3, 1, 2),
    ((0, 2, 3), 4, 2, 2),
    ((0, 2, 3), 5, 1, 3),
    ((0, 2, 3), 6, 2, 3),
    ((0, 1, 2, 3), 7, 2, 3),
    ((0, 1, 2, 3), 8, 1, 4),
)
"""By difficulty: which attributes, things, words of a hint, and rounds."""


class Reference(Setting):
    """The things, and which are meant."""

    things: tuple[Thing, ...] = Field(min_length=2, max_length=8)
    """Each by its words, in one order of attributes."""
    meant: tuple[int, ...] = Field(min_length=1, max_length=6)
    """In each round the place of one."""
    words: int = Field(ge=1, le=3)
    """At most so many words make a hint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceView(View):
    """What a player goes by."""

    things: tuple[Thing, ...]
    words: int
    meant: Thing | None
    """For who gives the hint."""
    hint: tuple[str, ...]
    """For who picks."""


class ReferenceGame(Game[Reference]):
    """The rules."""

    name = "reference"
    setting = Reference
    all_may_be_called = True

    def deal(self, rng: random.Random, difficulty: int) -> Reference:
        kinds, number, words, rounds = _LEVELS[difficulty]
        possible = list(product(*(ATTRIBUTES[kind] for kind in kinds)))
        while True:
            first = rng.choice(possible)
            # Things that share words with one another: otherwise any word tells them apart.
            near = [thing for thing in possible if thing != first and set(thing) & set(first)]
            things = [first, *rng.sample(near, number - 1)]
            rng.shuffle(things)
            setting = Reference(
                things=tuple(things), meant=tuple(rng.randrange(number) for _ in range(rounds)), words=words
            )
            if self.problem(setting) is None:
                return setting

    def problem(self, setting: Reference) -> str | None:
        words = [word for thing in setting.things for word in thing]
        if not all(word.isascii() and word.isalpha() and word.islower() and 2 <= len(word) <= 12 for word in words):
            return "a thing that is not said in plain words"
        sizes = {len(thing) for thing in setting.things}
        if len(sizes) > 1 or not 1 <= min(sizes) <= 4:
            return "things that are not said by the same attributes"
        kinds = [set(kind) for kind in zip(*setting.things, strict=True)]
        if any(one & other for one, other in combinations(kinds, 2)):
            return "a word that stands for two attributes"
        if len(set(setting.things)) < len(setting.things):
            return "two things that are the same"
        if not all(0 <= place < len(setting.things) for place in setting.meant):
            return "a thing that there is not is meant"
        return None

    def difficulty(self, setting: Reference) -> int:
        return sum(len(setting.things) > number for _, number, *_ in _LEVELS[:-1])

    def words(self, setting: Reference) -> str:
        meant = ", then ".join(" ".join(setting.things[place]) for place in setting.meant)
        return f"Reference among {listed(setting.things)}; hints of {setting.words} words; meant: {meant}"

    def core(self, setting: Reference) -> Any:
        return [sorted(setting.things), sorted({setting.things[place] for place in setting.meant}), setting.words]

    def seats(self, setting: Reference) -> tuple[str, ...]:
        return NAMES[:2]

    def rules(self, setting: Reference, table: Table, rng: random.Random) -> Rules:
        speaker, listener = NAMES[:2]
        right = 0
        for place in setting.meant:
            meant = setting.things[place]
            spoken = yield from table.asked(self._hinting(setting, table, meant))
            words = spoken.move.split()
            if spoken.said or not words or len(set(words)) != len(words) or len(words) > setting.words:
                table.lost(speaker, "a hint that the rules do not allow")
            if wrong := [word for word in words if word not in meant]:
                known = any(word in thing for word in wrong for thing in setting.things)
                if known:
                    table.noted(speaker, "lie against the rules", f"{' '.join(words)}: it is a {' '.join(meant)}")
                table.lost(speaker, "a hint that is not true" if known else "a hint that the rules do not allow")
            # Said in the order of attributes, so that no code of orders says more than the words.
            hint = tuple(sorted(words, key=meant.index))
            table.told(f"{speaker}: {' '.join(hint)}")
            spoken = yield from table.asked(self._picking(setting, table, hint))
            letter = spoken.move.upper()
            if spoken.said or len(letter) != 1 or letter not in LETTERS[: len(setting.things)]:
                table.lost(listener, "a pick that the rules do not know")
            good = LETTERS.index(letter) == place
            right += good
            table.told(f"{listener}: {letter}. {'Right' if good else f'Wrong, {LETTERS[place]} was meant'}.")
            for player in (speaker, listener):
                table.won[player] += good * (1 - PER_WORD * (len(hint) - 1)) / len(setting.meant)
        return f"{right} of {len(setting.meant)} picked right"

    def _hinting(self, setting: Reference, table: Table, meant: Thing) -> ReferenceView:
        hints = sum(comb(len(meant), words) for words in range(1, min(setting.words, len(meant)) + 1))
        return ReferenceView(
            player=NAMES[0],
            known=f"You are {NAMES[0]}. {listed(setting.things)}.\nWords: {setting.words}. Meant: {' '.join(meant)}.",
            lines=tuple(table.lines),
            choices=hints,
            things=setting.things,
            words=setting.words,
            meant=meant,
            hint=(),
        )

    def _picking(self, setting: Reference, table: Table, hint: Sequence[str]) -> ReferenceView:
        return ReferenceView(
            player=NAMES[1],
            known=f"You are {NAMES[1]}. {listed(setting.things)}.\nWords: {setting.words}. You pick.",
            lines=tuple(table.lines),
            choices=len(setting.things),
            things=setting.things,
            words=setting.words,
            meant=None,
            hint=tuple(hint),
        )


def listed(things: Sequence[Thing]) -> str:
    """Things in words, each behind its letter."""
    return ", ".join(f"{letter} {' '.join(thing)}" for letter, thing in zip(LETTERS, things, strict=False))
