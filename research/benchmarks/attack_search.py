"""Searches for a template that wins a score: greedy and evolutionary, whatever the score is, every query counted.

A template is a few sentences with gaps (`evaluation/controls/frames.py`). What a search may ask is what the score gives
a template's replies to some dialogues; one reply is one query.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evaluation.controls.base import Scene
from evaluation.controls.frames import SLOTS, compose, pools
from evaluation.controls.search import templates

Pieces = tuple[str, ...]
"""A template: sentences in order."""
ScoreReplies = Callable[[Sequence[Scene], Sequence[str]], NDArray[np.float64]]
"""Scenes, and a reply to each, to what the replies get; not a number where there is no score."""

_LONGEST = 4
"""Sentences of a template at most."""
_FEW, _SOME = 8, 24
"""Dialogues that a first look and a second one are made at."""
_CHANGES = 30
"""Changes that one step of the greedy search chooses from."""
_POPULATION = 32
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(kw_only=True)
class Asked:
    """A score that is asked about templates for some dialogues, as often as it was agreed."""

    score: ScoreReplies
    """Who is asked."""
    scenes: Sequence[Scene]
    """The dialogues."""
    queries: int
    """Replies that may be asked about."""
    seed: int = 0
    """Of what fills the gaps."""
    spent: int = field(default=0, init=False)
    """Replies that were asked about."""

    def replies(self, template: Pieces, places: Sequence[int]) -> list[str]:
        """A template's replies to the dialogues numbered `places`; empty where it makes none."""
        return [
            compose(template, self.scenes[place], random.Random(f"{self.seed}/{place}/{template}")) or ""
            for place in places
        ]

    def values(self, template: Pieces, places: Sequence[int]) -> NDArray[np.float64]:
        """What they get; nothing where there is no reply or no score."""
        replies = self.replies(template, places)
        made = [at for at, reply in enumerate(replies) if reply]
        found = np.zeros(len(places))
        if made:
            self.spent += len(made)
            found[made] = self.score([self.scenes[places[at]] for at in made], [replies[at] for at in made])
        return np.nan_to_num(found)

    def best(self, offered: Sequence[Pieces], places: Sequence[int], keep: int) -> list[Pieces]:
        """The `keep` best of different templates by the mean over `places`, the best first; as many as can be asked."""
        means: dict[Pieces, float] = {}
        for template in dict.fromkeys(offered):
            if not self.affords(len(places)):
                break
            means[template] = float(self.values(template, places).mean())
        return sorted(means, key=lambda each: -means[each])[:keep]

    def affords(self, replies: int) -> bool:
        """Whether so many may still be asked about."""
        return self.spent + replies <= self.queries

    def draw(self, chance: random.Random, size: int) -> list[int]:
        """Some of the dialogues, by number."""
        return chance.sample(range(len(self.scenes)), min(size, len(self.scenes)))


def vocabulary() -> list[str]:
    """The sentences that templates are put together from: those of English frames and of templates known, and gaps."""
    english = {name: by_language["en"] for name, by_language in pools().items()}
    known = {*SLOTS, *(name for name, frames in english.items() if not any(map(_SLOT.search, frames)))}
    frames = [frame for frames in english.values() for frame in frames]
    sentences = [part.strip() for frame in frames for part in re.split(r"(?<=[.?!])\s+", frame)]
    fillable = [each for each in sentences if set(_SLOT.findall(each)) <= known and "{}" not in each and each]
    known_to_win = [piece for family in templates().values() for each in family for piece in each.pieces]
    return list(
        dict.fromkeys([*fillable, *known_to_win, *(f"{{{slot}}}" for slot in SLOTS), "Can you {words}?", "{words}."])
    )


def greedy(asked: Asked, chance: random.Random) -> Pieces:
    """The best single sentence, then whatever change to it is best, as long as one is better on all dialogues asked."""
    pieces = vocabulary()
    first = asked.best([(each,) for each in pieces], asked.draw(chance, _FEW), _SOME // 2)
    waiting = asked.best(first, asked.draw(chance, _SOME), 2) or first[:2]
    best, top = waiting[0], 0.0
    every = range(len(asked.scenes))
    while waiting:
        for each in waiting:
            if asked.affords(len(every)) and (mean := float(asked.values(each, every).mean())) > top:
                best, top = each, mean
        if not asked.affords(len(every) + _FEW * _CHANGES):
            break
        changes = [changed(best, pieces, chance) for _ in range(_CHANGES)]
        few = asked.best(changes, asked.draw(chance, _FEW), 6)
        waiting = asked.best(few, asked.draw(chance, _SOME), 2)
    return best


def evolution(asked: Asked, chance: random.Random) -> Pieces:
    """Generations of templates, each judged at other dialogues: the better half stays, crosses and changes."""
    pieces = vocabulary()
    every = range(len(asked.scenes))
    living: list[Pieces] = [tuple(chance.sample(pieces, chance.randint(1, 3))) for _ in range(2 * _POPULATION)]
    asked.queries -= 4 * len(every)  # kept for the last choice
    while asked.affords(_FEW * len(living)):
        parents = asked.best(living, asked.draw(chance, _FEW), _POPULATION // 2)
        children = [crossed(*chance.sample(parents, 2), chance) for _ in range(_POPULATION // 4)]
        mutants = [changed(chance.choice(parents), pieces, chance) for _ in range(_POPULATION // 2)]
        living = [*parents, *children, *mutants, (chance.choice(pieces),)]
    asked.queries += 4 * len(every)
    (best,) = asked.best(living[:4], every, 1) or [living[0]]
    return best


def changed(template: Pieces, pieces: Sequence[str], chance: random.Random) -> Pieces:
    """A template with one sentence more, less, another, elsewhere, or with another gap or one word less in it."""
    found, place = list(template), chance.randrange(len(template))
    how = chance.choice(("more", "less", "other", "move", "gap", "word"))
    if how == "more" and len(found) < _LONGEST:
        found.insert(chance.randint(0, len(found)), chance.choice(pieces))
    elif how == "less" and len(found) > 1:
        found.pop(place)
    elif how == "move":
        found.insert(chance.randrange(len(found)), found.pop(place))
    elif how == "gap" and (gaps := list(_SLOT.finditer(found[place]))):
        gap = chance.choice(gaps)
        found[place] = f"{found[place][: gap.start()]}{{{chance.choice(SLOTS)}}}{found[place][gap.end() :]}"
    elif how == "word" and len(words := found[place].split()) > 1:
        words.pop(chance.randrange(len(words)))
        found[place] = " ".join(words)
    else:
        found[place] = chance.choice(pieces)
    return tuple(found)


def crossed(one: Pieces, other: Pieces, chance: random.Random) -> Pieces:
    """The beginning of one and the end of the other."""
    return (one[: chance.randint(0, len(one))] + other[chance.randint(0, len(other)) :])[:_LONGEST] or one
