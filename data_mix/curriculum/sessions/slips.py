"""Slips: somebody's words go astray, and the others hear which words it was and what was meant.

A core is asked what a learner meant, and which words went astray. Here that is learned from every word of a text, and
of sessions there are as many as one likes; a tutor's moves are no part of it.
"""

from __future__ import annotations

from data_mix.curriculum.heldout import pick_level
from data_mix.curriculum.sessions.base import Session, templates_of


class Slips(Session):
    """A sentence that went astray, put right by those who heard it: one alone, or reading it back would be slow."""

    share = 1.0

    def write(self) -> None:
        self.cast()
        kind = self.c.pick(tuple(self.templates), lambda name, rest: self.templates[name]["sign"] in rest)
        mistake = self.c.pick(self.space.mistakes)
        clause = self.space.clause(self.c, mistake=mistake, level=pick_level(self.c))
        variant = self.c.pick(range(mistake.variants))
        wrong, right = mistake.spans(clause, variant)
        self.words |= {
            "slip": clause.dress(mistake.wrong(clause, variant, False), False),
            "wrong": wrong,
            "right": right,
            "mine": clause.full(False),
            "full": clause.full(True),
        }
        self.lines(self.templates[kind]["lines"])

    @classmethod
    def fits(cls, rest: str) -> bool:
        """The first line of every kind could stand anywhere: a phrase of its own tells it from other sessions."""
        return any(kind["sign"] in rest for kind in templates_of(cls.__name__).values())
