"""Retelling: one speaker says something, another reports it ("I went" becomes "you went")."""

from __future__ import annotations

from data_mix.curriculum.heldout import pick_level
from data_mix.curriculum.sessions.base import SPEAKERS, Session


class Retelling(Session):
    """Two speakers, and what the second made of the words of the first."""

    share = 0.25

    def write(self) -> None:
        pairs = tuple((speaker, listener) for speaker in SPEAKERS for listener in SPEAKERS if speaker != listener)
        speaker, listener = self.c.pick(pairs)
        self.words |= {"speaker": speaker, "listener": listener}
        for goes_on in (1.0, 0.65, 0.5, 0.0):
            clause = self.space.clause(self.c, level=pick_level(self.c))
            self.words |= {"mine": clause.full(False), "full": clause.full(True)}
            self.lines(self.templates["lines"])
            if not self.c.pick((True, False), weights=(goes_on, 1.0 - goes_on)):
                break
