"""Templates that were made for a score: sentences with gaps put together until replies won by it, by hand or by search.

They lie in `search.yaml`, each with how it was found; `research/benchmarks/attack.py` finds more. They are English.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from espalier.command_line import yaml_text
from evaluation.controls.base import Scene, control
from evaluation.controls.frames import compose

FILE = Path(__file__).with_name("search.yaml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """Sentences with gaps, one after the other; one that cannot be filled is left out."""

    pieces: tuple[str, ...]
    """As in `frames.py`."""
    found: str
    """By whom, or by what command, and what it got."""


@cache
def templates() -> dict[str, tuple[Template, ...]]:
    """By family, what `search.yaml` holds."""
    read = yaml_text.parse(FILE.read_text(encoding="utf-8"), str(FILE))
    return {
        family: tuple(Template(pieces=tuple(each["pieces"]), found=each["found"]) for each in entries)
        for family, entries in read.items()
    }


@control("templates written by hand to win")
def crafted(scene: Scene, chance: random.Random) -> str | None:
    """The strongest that could be thought of: a sentence that fits, a gap, a question that leads nowhere."""
    return _drawn("crafted", scene, chance)


@control("templates found by a greedy search")
def greedy(scene: Scene, chance: random.Random) -> str | None:
    """Sentences with gaps, added one at a time as long as the pedagogy score rose on other dialogues."""
    return _drawn("greedy", scene, chance)


@control("templates found by an evolutionary search")
def evolved(scene: Scene, chance: random.Random) -> str | None:
    """Sentences with gaps, crossed and changed for generations by what the pedagogy score gave on other dialogues."""
    return _drawn("evolved", scene, chance)


def _drawn(family: str, scene: Scene, chance: random.Random) -> str | None:
    made = [compose(each.pieces, scene, chance) for each in templates()[family]]
    filled = [each for each in made if each]
    return chance.choice(filled) if filled else None
