"""The nouns of an evaluation: a case, what is known to be true of it, and a model's reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Messages = list[dict[str, str]]
"""``{"role", "content"}`` in order."""

Rule = Literal["must", "may", "must_not"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """What is known of one turn of a case: a grammar wrote it, or the suite's author says so."""

    learner: str
    """What the learner said, mistake and all."""
    strategy: str = ""
    """The move asked of the tutor."""
    rule: Rule = "may"
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
    learner_kind: str = ""
    """l2, who learns the language as a new one, or heritage, who grew up beside it; empty where it is not known."""
    switched: tuple[tuple[str, str], ...] = ()
    """Each word of another language in what the learner said, as said, with what it means in the language learned."""
    asked: str = ""
    """What the tutor's move has to do besides, such as explain or affirm; empty where nothing is asked."""
    target_language: str = ""
    """The language that is learned; empty where it is English, or not known."""
    dialect: str = ""
    """The variety of it that is the learner's own, or is to be learned, such as mexican; empty where none is known."""


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
    checks: Checks = field(default_factory=Checks)
    """Phrases that decide without a judge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Simulation:
    """A learner who answers what the tutor really said, and may learn from it."""

    turns: int
    """At most so many replies of the tutor."""
    mastery: float = 0.2
    """How well the learner knows the form at the start, 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One thing a model is asked: messages that end with the learner's turn, or texts whose likelihood is wanted."""

    name: str
    """Unique within a suite."""
    messages: Messages
    """The conversation so far; the last role is user. Empty where `texts` are given."""
    split: str = ""
    """The held-out split it comes from, or empty."""
    truth: Truth | None = None
    """What is known of the reply that is due, or None."""
    reference: str | None = None
    """A reply known to be good."""
    answer: str = ""
    """The solution that the learner is to find, or that a question asks for; of a choice, its letter."""
    choices: tuple[str, ...] = ()
    """What a multiple-choice question offers, in the order A, B, C, …"""
    texts: tuple[str, ...] = ()
    """Texts to be scored by likelihood instead of a reply: of a minimal pair, the good one first."""
    script: tuple[Turn, ...] = ()
    """Further turns: with any, the case is a dialogue played to its end."""
    simulation: Simulation | None = None
    """A learner who answers; then there is no script."""
    cluster: str = ""
    """Cases with the same cluster are not independent of each other; empty: a cluster of its own."""
    combination: tuple[str, ...] = ()
    """(verb, object, error or switch) where the case was held out of training by combination."""
    criteria: str = ""
    """What a good reply does, in words, for a judge."""
    tags: tuple[str, ...] = ()
    """Groups the case belongs to."""
    checks: Checks = field(default_factory=Checks)
    """Phrases that decide without a judge."""

    @property
    def learner(self) -> str:
        """The learner's last words; empty where no learner speaks."""
        return self.truth.learner if self.truth else self.messages[-1]["content"] if self.messages else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a model answered."""

    text: str
    """The reply, without the token that ends it: as it was written, and once it was played, what a learner sees."""
    num_tokens: int
    """Tokens generated; 0 where no tokenizer was at work."""
    finish: Literal["stop", "length", "error"]
    """`stop` when the model ended by itself, `length` when it had to be cut, `error` when there is no reply."""
    error: str = ""
    """Why there is no reply."""
    log_likelihoods: tuple[float, ...] = ()
    """Of each of the case's `texts`, in nats."""
    reasoning: str = ""
    """What was thought before it: nobody sees it, and nothing measures it."""
    silence: str = ""
    """Why a learner sees nothing of it; empty where there is something to see."""
    remarks: tuple[str, ...] = ()
    """What is odd about it and is to be counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What a learner that learns could do before a dialogue, and what after it. Each is a share, 0 to 1."""

    knew: float
    """What it gave to the right forms of the item, of all that it gave to right and wrong ones, before."""
    knows: float
    """The same after."""
    said: float
    """Of sentences of its own that want the form, those that had it, before."""
    says: float
    """The same after."""
    others_before: float
    """What it gave to the right forms of other items that were kept from it, of which the dialogue did not speak."""
    others_after: float
    """The same after."""
    kept_before: float
    """What it gave to the right forms of what it grew up with."""
    kept_after: float
    """The same after."""
    overused: float
    """Of sentences of its own about something else, those that have the item's form all the same, after."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialogue:
    """A case played to its end."""

    messages: Messages
    """All that was said, the tutor's own replies among it."""
    opening: int
    """So many messages stood there before the tutor's first reply."""
    learned: Learned | None = None
    """What became of a learner that learns; None where nobody did."""

    @property
    def replies(self) -> list[str]:
        """What the tutor said."""
        return [message["content"] for message in self.messages[self.opening :] if message["role"] == "assistant"]

    @property
    def answers(self) -> list[str]:
        """What the learner said after the tutor's first reply."""
        return [message["content"] for message in self.messages[self.opening :] if message["role"] == "user"]
