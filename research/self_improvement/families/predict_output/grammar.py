"""The grammar of programs: what a level draws from, and how many programs it holds."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

VARIABLES = "abcde"
FUNCTIONS = "fgh"
_PLACE = re.compile(r"\{(\w+)\}|\b[A-DFG]\b")


def _lists(length: int) -> tuple[str, ...]:
    return tuple(str(list(digits)) for digits in itertools.product(range(10), repeat=length))


SLOTS: dict[str, Sequence[Sequence[str]]] = {
    "n": [[str(number) for number in range(30)]],
    "d": [[str(number) for number in range(10)]],
    "times": [[str(number) for number in range(2, 6)]],
    "op": ["+-"],
    "ops": ["+-*"],
    "cmp": ["<>"],
    "pair": [_lists(2)],
    "list": [_lists(2), _lists(3), _lists(4)],
}
"""What stands at a place, in groups that are as likely: short lists are fewer than long ones, and not rarer."""


class Template(NamedTuple):
    """A program with places."""

    text: str

    @property
    def size(self) -> int:
        """How many programs it makes. No two are equal: all that is drawn stands in the text."""
        slots = [place[1] for place in _PLACE.finditer(self.text) if place[1]]
        of_slots = math.prod(sum(len(group) for group in SLOTS[each]) for each in slots)
        return of_slots * math.prod(math.perm(len(names), len(used)) for names, used in self._names())

    def draw(self, rng: random.Random) -> str:
        """One of them."""
        named = dict[str, str]()
        for names, used in self._names():
            named |= zip(used, rng.sample(names, len(used)), strict=True)

        def filled(place: re.Match[str]) -> str:
            slot = place[1]
            return rng.choice(rng.choice(SLOTS[slot])) if slot else named[place[0]]

        return _PLACE.sub(filled, self.text)

    def _names(self) -> list[tuple[str, list[str]]]:
        places = [place[0] for place in _PLACE.finditer(self.text) if not place[1]]
        used = sorted(set(places))
        return [(VARIABLES, [each for each in used if each < "F"]), (FUNCTIONS, [each for each in used if each >= "F"])]


class Level(NamedTuple):
    """Programs that are as hard as each other."""

    about: str
    """What they have that those below have not."""
    templates: tuple[Template, ...]

    @property
    def size(self) -> int:
        """How many programs it holds."""
        return sum(template.size for template in self.templates)

    def draw(self, rng: random.Random) -> str:
        """A program; each template is as likely."""
        return rng.choice(self.templates).draw(rng)


@cache
def levels() -> tuple[Level, ...]:
    """From the easiest."""
    read = yaml.safe_load(Path(__file__).with_name("grammar.yaml").read_text(encoding="utf-8"))
    return tuple(Level(each["about"], tuple(Template(text) for text in each["templates"])) for each in read)
