"""What a family of tasks is: who proposes, what is asked, what is known of an answer, and on what is examined.

Everything here is plain data that JSON can keep, and everything drawn is drawn by a generator that is given, so that a
step that was killed makes the same again.
"""

from __future__ import annotations

import hashlib
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from espalier.sandbox import Limits, Pool

Messages = list[dict[str, str]]
"""A conversation, as models are asked: [{"role", "content"}, …]."""


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """A task in which better can be told from worse."""

    family: str
    skill: str
    """What it exercises, by a name of its family's own: niches of the archive, and what repetition is counted by."""
    difficulty: int
    """From 0; what a level is, its family says."""
    content: str
    """What is new or old about it, in words: what diversity and novelty are measured on. Without a prompt's frame."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """What verification needs and nobody is told: truth, tests, the page, roles."""
    proposer: str = "rules"
    """Who wrote it: rules, or a model's name."""

    @property
    def id(self) -> str:
        """The same for the same task, whoever proposed it."""
        said = json.dumps([self.family, self.content, self.known], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


class Refused(NamedTuple):
    """A proposal that is no challenge, which is counted by why."""

    why: str
    """In a few words that are the same for the same fault: reports count by them."""


class Called(NamedTuple):
    """That a player is to speak."""

    player: str
    """Its role: `solver` where there is one; in games each has its own."""
    messages: Messages


@dataclass(frozen=True, kw_only=True)
class Performance:
    """What came of a challenge once."""

    text: str
    """The answer; of a game, all that was said, as a reader sees it."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the play itself found, such as what each player won; what verification begins with."""


Playing = Generator[Called, str, Performance]
"""A performance under way: it yields who is to speak on what, takes what was said, and returns what came of it. Many
are played in lockstep, so that all that models say at a time is one batch."""


class Verdict(NamedTuple):
    """What is known of a performance."""

    score: float | None
    """From 0 to 1; None where truth cannot tell, so that judges have to."""
    why: str
    """For the report, in a few words."""


class Family(ABC):
    """A kind of open-ended task. Made once; it keeps nothing between calls."""

    name: ClassVar[str]
    has_truth: ClassVar[bool]
    """Whether `verify` can always tell, so that judges can be held to it."""
    limits: ClassVar[Limits | None] = None
    """Of the sandbox in which its programs run; None where it runs none."""

    trained: int
    """Levels of difficulty that are trained on, from 0; harder ones are examined alone."""

    @abstractmethod
    def written(self, rng: random.Random, difficulty: int) -> Challenge:
        """A challenge by rule, without a model."""

    @abstractmethod
    def ask_for(self, rng: random.Random, seeds: Sequence[Challenge], difficulty: int) -> Messages:
        """What a model is asked that is to propose a challenge, unlike those shown and as difficult."""

    @abstractmethod
    def read(self, reply: str, proposer: str, difficulty: int) -> Challenge | Refused:
        """The challenge in a model's reply."""

    @abstractmethod
    def check(self, challenges: Sequence[Challenge], pool: Pool | None) -> list[Challenge | Refused]:
        """Each as it may be used, with what is found out about it (its truth, its real difficulty), or why it may not:
        its program never ends, says something else each time, its question has no support. In the same order."""

    @abstractmethod
    def play(self, challenge: Challenge, rng: random.Random) -> Playing:
        """One performance."""

    @abstractmethod
    def verify(self, challenge: Challenge, performances: Sequence[Performance], pool: Pool | None) -> list[Verdict]:
        """What is known of each, in the same order."""

    @abstractmethod
    def compare(self, challenge: Challenge, one: Performance, other: Performance) -> Messages:
        """What a judge is asked who sees the two in this order and is to say which is better: it answers with A, B or
        tie. Never tells the truth."""

    def quality(self, challenge: Challenge) -> float:
        """How good a checked challenge is, from 0 to 1, by what the check found; 1 where it may be used or not."""
        return 1.0

    def answer(self, challenge: Challenge) -> str | None:
        """A right reply, by rule; None where nobody knows one. What is learned from it is imitation: it is a control,
        and teaches a model that knows nothing yet."""
        return None

    def blind(self, challenge: Challenge) -> Messages | None:
        """What a solver is asked who may not see what the answer rests on, such as a page: a challenge that is solved
        all the same, by `verify` of the reply, exercises nothing. None where there is nothing to keep from it."""
        return None

    @abstractmethod
    def examination(self, size: int) -> list[Challenge]:
        """Challenges that no proposal may repeat: the same every time, evenly of all difficulties, among them those
        that are harder than any that is trained on."""
