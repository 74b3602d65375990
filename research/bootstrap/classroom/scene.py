"""A scene: the words that a task is about, drawn on one side of what is held out for examinations.

What is held out is combinations of words, whatever the session type, the band and the order in which they are said:

- a verb and its object, as the curriculum that is overheard holds them out too;
- a thing and how it is, how many there are, who has it or does something with it, or that somebody likes it;
- somebody and how they feel, why, and who else is there;
- two syllables; three things in a row; two words that rhyme and a third that does not; a thing and two kinds that it is
  not. A rhyme and a kind by themselves are facts, which nobody knows who has not heard them.

What is overheard keeps to the first of these alone. The curriculum also holds out triples, pairs with a mistake of a
learner's in them, in its dialogues: a loop overhears no dialogue and no examination asks for a triple, so that here
nothing comes of them. The minimal pairs of an examination are about verbs with objects that are held out.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Literal, TypeVar

from data_mix.curriculum.chooser import Sampler
from data_mix.curriculum.clauses import FRAMES, Clause
from data_mix.curriculum.heldout import Space, held_out
from data_mix.curriculum.words import Noun, Verb, lexicon
from research.bootstrap.classroom.asking import PUPIL, SOPHIE, TUTOR

T = TypeVar("T")
Combination = tuple[str, ...]
"""Words, in any order."""
Side = Literal["sessions", "examination"]

SHARE = 0.15
"""Of the combinations of every kind, those that sessions never hold."""
PAIRS = 0.05
"""Of the pairs of a verb and its object, those that neither sessions nor what is overheard hold."""
SEED = 0
"""Of these pairs, whatever a loop's own: the examination is the same for every model, so that they can be compared."""
_TRIES = 1_000
"""Draws without one on the right side, after which there is taken to be none."""


def is_held_out(*words: str) -> bool:
    """Whether a combination of words is kept for examinations: by its SHA-256, but for a verb and its object."""
    return _is_held_out(tuple(sorted(words)))


@cache
def _is_held_out(combination: Combination) -> bool:
    if combination in _objects():
        pairs = held_out(SEED, PAIRS, PAIRS).pairs
        return combination in pairs or combination[::-1] in pairs
    digest = hashlib.sha256("/".join(combination).encode()).digest()
    return int.from_bytes(digest[:4], "big") < SHARE * 2**32


@cache
def _objects() -> frozenset[Combination]:
    """Verbs with their objects."""
    return frozenset(tuple(sorted((verb.base, noun.singular))) for verb in lexicon().verbs for noun in verb.objects)


@cache
def _space(side: Side) -> Space:
    return Space("train" if side == "sessions" else "unseen_pairs", held_out(SEED, PAIRS, PAIRS), ())


class Scene:
    """Draws words for a task. The same generator and side give the same words."""

    def __init__(self, rng: random.Random, side: Side, pupil: str = PUPIL) -> None:
        self._c = Sampler(rng)
        self._side, self._spaces = side, _space(side)
        self.pupil = pupil
        """Who is asked."""
        self.partner = SOPHIE if pupil == PUPIL else TUTOR
        """With whom the pupil talks, where it is not the tutor's turn."""
        self.about: list[Combination] = []
        """The combinations that were drawn: those of an examination stand in no session."""
        self.beside: list[Combination] = []
        """What was drawn beside them: in sessions nothing that is held out, in an examination anything."""

    def pick(self, options: Sequence[T], weights: tuple[float, ...] | None = None) -> T:
        """Any of `options`, for what no examination is about: templates, what is only heard."""
        return self._c.pick(options, weights=weights)

    def may_tell(self, *words: str) -> bool:
        """Whether a combination may stand beside what a task is about."""
        return self._side == "examination" or not is_held_out(*words)

    def draw(
        self,
        candidate: Callable[[], T],
        about: Callable[[T], Combination],
        beside: Callable[[T], Iterable[Combination]] = lambda _: (),
    ) -> T:
        """The first candidate that is `about` a combination of this scene's side of what is held out, and in sessions
        has nothing `beside` it that is on the other.

        ValueError where there is none, which is a fault of the session type.
        """

        def fits(found: T) -> bool:
            on_side = is_held_out(*about(found)) == (self._side == "examination")
            return on_side and all(self.may_tell(*words) for words in beside(found))

        found = self._first(candidate, fits)
        self.about.append(about(found))
        self.beside += beside(found)
        return found

    def draw_beside(self, candidate: Callable[[], T], beside: Callable[[T], Iterable[Combination]]) -> T:
        """The first candidate that in sessions combines nothing that is held out; in an examination, any."""

        found = self._first(candidate, lambda found: all(self.may_tell(*words) for words in beside(found)))
        self.beside += beside(found)
        return found

    def deed(self, fits: Callable[[Verb, Noun], bool] = lambda *_: True) -> tuple[Verb, Noun]:
        """A verb with an object, a pair of this side that fits."""
        verb, noun = self._first(lambda: self._spaces.deed(self._c), lambda pair: fits(*pair))
        self.about.append((verb.base, noun.singular))
        return verb, noun

    def sequence(self) -> tuple[tuple[Verb, ...], Noun]:
        """What is done one after the other with one thing. No step is a pair that is kept for examinations, on either
        side: of so few sequences hardly any is made of such pairs alone."""
        steps, fitting = self._c.pick(_space("sessions").sequences)
        return steps, self._c.pick(fitting)

    def clause(
        self,
        *,
        level: str = "A1",
        frames: tuple[str, ...] = tuple(FRAMES),
        fits: Callable[[Clause], bool] = lambda _: True,
    ) -> Clause:
        """A clause around a pair of this side, in one of `frames`, that fits."""
        clause = self._first(
            lambda: self._spaces.clause(self._c, level=level, frames=frames),
            lambda found: fits(found) and all(self.may_tell(*words) for words in _beside(found)),
        )
        self.about.append((clause.verb.base, clause.noun.singular))
        self.beside += _beside(clause)
        return clause

    def _first(self, candidate: Callable[[], T], fits: Callable[[T], bool]) -> T:
        for _ in range(_TRIES):
            if fits(found := candidate()):
                return found
        raise ValueError(
            f"none of {_TRIES:,} draws is on the side of the {self._side}, the last was {found}: "
            "the session type wants more options, or another combination"
        )


def _beside(clause: Clause) -> list[Combination]:
    """What a clause combines beside its verb and object: who, how many, and how they feel."""
    who, thing = clause.person.self_name, clause.noun.singular
    found: list[Combination] = [(clause.determiner, thing)] if clause.many else []
    if clause.person in lexicon().named:
        found += [(who, thing)] + ([(who, clause.feeling)] if clause.feeling else [])
    return found
