"""For whom dialogues are written: what such learners do with a sentence, and which moves a tutor has for it.

The core's learners have any first language. Those who learn English as a second language after Spanish make the
mistakes that Spanish explains, and hear about the language; those who grew up with Spanish at home switch to it within
a sentence, which is no mistake, and hear both of their words. What is said stands in lexicon/l2.yaml, heritage.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from data_mix.curriculum.mistakes import L2_MISTAKES, MISTAKES, Mistake
from data_mix.curriculum.switches import SWITCHES
from data_mix.curriculum.words import lexicon

PRACTICE = {"hint": 2.0, "reflective question": 2.0, "choice framing": 3.0}
"""Moves that want to know what kind of mistake it was, and how much more often than the others they are practised."""


@dataclass(frozen=True, kw_only=True)
class Learner:
    """One kind of learner."""

    kind: str
    """any, l2 or heritage"""
    changes: tuple[Mistake, ...]
    """what such a learner does to a correct clause: mistakes, or switches"""
    languages: tuple[str, ...]
    """first languages, as a system line names them"""
    moves: Mapping[str, Mapping[str, Any]]
    """the tutor's moves: whether the corrected clause must, may or must not be said, and the replies"""
    practice: Mapping[str, float]
    """moves that are practised more often than others in training, and how much"""
    named: str = ""
    """what a system line says besides the language"""

    @property
    def is_core(self) -> bool:
        """Whether it is the core's learner, of any first language."""
        return self.kind == "any"

    def templates(self, move: str, change: Mistake) -> tuple[str, ...]:
        """What a tutor may say who makes this move."""
        return _templates(self.kind, move, change.name)

    def system_line(self, language: str, level: str, move: str) -> str:
        """Who the learner is, and what the tutor is to do."""
        return f"Learner: {language}{self.named}, {level}. Move: {move}."

    def facts(self, move: str, change: Mistake | None, switched: list[list[str]]) -> dict[str, Any]:
        """What is known of a tutor's turn beyond what is known in the core's dialogues."""
        if self.is_core:
            return {}
        asked = self.moves[move]["asked"] if change else ""
        return {"change": change.name if change else "", "switched": switched, "asked": asked}


@cache
def learner(kind: str) -> Learner:
    """The learner of a kind; the core's, of any first language, for a kind that is no other's."""
    if kind in ("l2", "heritage"):
        entry = lexicon().l2 if kind == "l2" else lexicon().heritage
        theirs = L2_MISTAKES if kind == "l2" else SWITCHES
        return Learner(
            kind=kind,
            changes=(*(MISTAKES[name] for name in entry.get("core", ())), *theirs.values()),
            languages=(entry["language"],),
            moves=entry["moves"],
            practice={},
            named=" L2" if kind == "l2" else " heritage",
        )
    changes = tuple(MISTAKES.values())
    return Learner(
        kind=kind,
        changes=changes,
        languages=tuple(sorted({language for mistake in changes for language in mistake.languages})),
        moves=lexicon().strategies,
        practice=PRACTICE,
    )


@cache
def _templates(kind: str, move: str, change: str) -> tuple[str, ...]:
    replies = learner(kind).moves[move]["replies"]
    if isinstance(replies, str):
        return tuple(lexicon().mistakes[change][replies])
    if kind != "l2":
        return tuple(replies)
    words = lexicon().l2["words"][change]
    filled = (
        reply.replace("{rule}", rule).replace("{spanish}", spanish).replace("{ask}", ask)
        for reply, rule, spanish, ask in product(replies, words["rules"], words["spanish"], words["asks"])
    )
    return tuple(dict.fromkeys(filled))
