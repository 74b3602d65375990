"""A scene: the words that a task is about, drawn on one side of what is held out for examinations."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, TypeVar

from data_mix.curriculum.chooser import Sampler
from data_mix.curriculum.clauses import FRAMES, Clause
from data_mix.curriculum.heldout import Space, held_out
from data_mix.curriculum.words import Noun, Verb
from research.bootstrap.classroom.asking import PUPIL, SOPHIE, TUTOR

T = TypeVar("T")
Side = Literal["sessions", "examination"]

SHARE = 0.15
"""Of the combinations of every kind, those that sessions never hold."""
PAIRS = 0.05
"""Of the pairs of a verb and its object, those that neither sessions nor what is overheard hold."""
SEED = 0
"""Of these pairs, whatever a loop's own: the examination is the same for every model, so that they can be compared."""


def is_held_out(*words: str) -> bool:
    """Whether a combination of words is kept for examinations, in whatever order it is met: by its SHA-256."""
    digest = hashlib.sha256("/".join(words).encode()).digest()
    return int.from_bytes(digest[:4], "big") < SHARE * 2**32


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

    def pick(self, options: Sequence[T], weights: tuple[float, ...] | None = None) -> T:
        """Any of `options`, for what no examination is about: templates, names, numbers of things."""
        return self._c.pick(options, weights=weights)

    def draw(self, options: Sequence[T], name: Callable[[T], str], *combined: str) -> T:
        """One of `options` whose combination with the words `combined` is on this scene's side of what is held out.

        `combined` begins with the session type's name. ValueError where no option is, which is a fault of the type:
        it wants more options, or another combination.
        """
        wanted = self._side == "examination"
        left = [option for option in options if is_held_out(*combined, name(option)) == wanted]
        if not left:
            raise ValueError(f"{combined}: all of {len(options)} options are on the other side of the hold-outs")
        return self._c.pick(left)

    def deed(self) -> tuple[Verb, Noun]:
        """A verb with an object, a pair of this side."""
        return self._spaces.deed(self._c)

    def sequence(self) -> tuple[tuple[Verb, ...], Noun]:
        """What is done one after the other with one thing. No step is a pair that is kept for examinations, on either
        side: of so few sequences hardly any is made of such pairs alone."""
        steps, fitting = self._c.pick(_space("sessions").sequences)
        return steps, self._c.pick(fitting)

    def clause(self, *, level: str = "A1", frames: tuple[str, ...] = tuple(FRAMES)) -> Clause:
        """A clause around a pair of this side, in one of `frames`."""
        return self._spaces.clause(self._c, level=level, frames=frames)
