"""The nouns of an evaluation: a case, what is known to be true of it, and a model's reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Messages = list[dict[str, str]]
"""``{"role", "content"}`` in order."""

Rule = Literal["must", "may", "must_not"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """What is known of one turn of a case, because a grammar wrote it."""

    learner: str
    """What the learner said, mistake and all."""
    strategy: str
    """The move asked of the tutor."""
    rule: Rule
    """Whether that move's reply must, may or must not contain the corrected form."""
    corrected: str = ""
    """The learner's clause put right, in the tutor's person: "you went to the market". Empty: nothing to put right."""
    fix: str = ""
    """The fewest words of it that put the mistake right: "went"."""
    error: str = ""
    """The kind of mistake."""
    first_language: str = ""
    """The learner's first language."""
    level: str = ""
    """The learner's level, A1 to C2."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checks:
    """Phrases a reply is searched for, as whole words, in any case of letters."""

    contains: tuple[str, ...] = ()
    """Each must be there."""
    lacks: tuple[str, ...] = ()
    """None may be there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One later turn of a dialogue: the learner's words are fixed, the tutor's are the model's own."""

    learner: str
    """What the learner says next, whatever the tutor answered."""
    truth: Truth | None = None
    """What is known of the reply that is due."""
    reference: str | None = None
    """A reply known to be good."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One thing a model is asked: messages that end with the learner's turn."""

    name: str
    """Unique within a suite."""
    messages: Messages
    """The conversation so far; the last role is user."""
    split: str = ""
    """The held-out split it comes from, or empty."""
    truth: Truth | None = None
    """What is known of the reply that is due, or None."""
    reference: str | None = None
    """A reply known to be good."""
    script: tuple[Turn, ...] = ()
    """Further turns: with any, the case is a dialogue played to its end."""
    cluster: str = ""
    """Cases with the same cluster are not independent of each other; empty: a cluster of its own."""
    combination: tuple[str, ...] = ()
    """(verb, object, error) where the case was held out of training by combination."""
    criteria: str = ""
    """What a good reply does, in words, for a judge."""
    tags: tuple[str, ...] = ()
    """Groups the case belongs to."""
    checks: Checks = field(default_factory=Checks)
    """Phrases that decide without a judge."""

    @property
    def learner(self) -> str:
        """The learner's last words."""
        return self.truth.learner if self.truth else self.messages[-1]["content"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a model answered."""

    text: str
    """The reply, without the token that ends it."""
    num_tokens: int
    """Tokens generated; 0 where no tokenizer was at work."""
    finish: Literal["stop", "length"]
    """`stop` when the model ended by itself, `length` when it had to be cut."""
