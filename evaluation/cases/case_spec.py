"""A case as a suite's file writes it, and the case that it means."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from espalier.command_line.config import Config
from evaluation.cases.case import Case, Checks, Messages, Simulation, Truth, Turn

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHOICE_REQUEST = (
    "Think aloud first, in two or three sentences. Then end with one line that holds only your choice: Answer: LETTER"
)
"""What stands under the choices of a multiple-choice question."""


class PhraseChecks(Config):
    """Phrases a reply is searched for, as whole words."""

    contains: tuple[str, ...] = ()
    """Each must be there."""
    lacks: tuple[str, ...] = ()
    """None may be there."""

    def build(self) -> Checks:
        """As an evaluation uses them."""
        return Checks(contains=self.contains, lacks=self.lacks)


class Message(Config):
    """One turn of a conversation."""

    role: Annotated[str, Field(pattern="^(system|user|assistant)$")]
    """system, user or assistant."""
    content: Annotated[str, Field(min_length=1)]
    """What is said."""


class LearnerSpec(Config):
    """What is known of the learner and of the mistake in the last words."""

    level: Literal["", "A1", "A2", "B1", "B2", "C1", "C2"] = ""
    """A1 to C2."""
    first_language: str = ""
    """The learner's first language."""
    error: str = ""
    """The kind of mistake."""
    corrected: str = ""
    """The learner's clause put right, in the tutor's person: "you went to the market"."""
    fix: str = ""
    """The fewest words of it that put the mistake right; by default what the learner did not say in that order."""
    rule: Literal["must", "may", "must_not"] = "may"
    """Whether a good reply must, may or must not contain the corrected clause."""
    strategy: str = ""
    """The move asked of the tutor."""
    learner_kind: Literal["", "l2", "heritage"] = ""
    """l2, who learns the language as a new one, or heritage, who grew up beside it."""
    switched: tuple[tuple[str, str], ...] = ()
    """Each word that is said in another language, with what it means: [[abuela, grandmother]]."""
    asked: Literal["", "explain", "affirm", "mean"] = ""
    """What a good reply does besides: explain a form, affirm what the learner brings, give or ask for a meaning."""
    target_language: str = ""
    """The language that is learned, where it is not English."""
    dialect: str = ""
    """The variety of it that is the learner's own, or is to be learned: mexican, taiwan, egyptian, …"""

    @field_validator("dialect")
    @classmethod
    def _known_variety(cls, name: str) -> str:
        from evaluation.varieties.lists import known_varieties, variety_named

        if name and variety_named(name) is None:
            raise ValueError(f"no list knows the variety {name!r}; known are {', '.join(known_varieties())}")
        return name

    def build(self, said: str) -> Truth:
        """What is known of a reply to `said`."""
        from evaluation.metrics.changes import new_words

        facts = self.model_dump() | {"fix": self.fix or new_words(said, self.corrected)}
        return Truth(learner=said, **facts)


class TurnSpec(Config):
    """What the learner says later, whatever the tutor answered."""

    says: Annotated[str, Field(min_length=1)]
    """The learner's words."""
    learner: LearnerSpec | None = None
    """What is known of them."""
    reference: str | None = None
    """A reply known to be good."""
    checks: PhraseChecks = PhraseChecks()
    """Phrases that decide without a judge."""

    def build(self) -> Turn:
        """As an evaluation plays it."""
        truth = self.learner.build(self.says) if self.learner else None
        return Turn(learner=self.says, truth=truth, reference=self.reference, checks=self.checks.build())


class Simulated(Config):
    """A learner who answers what the tutor really said."""

    turns: Annotated[int, Field(ge=2, le=50)] = 5
    """At most so many replies of the tutor."""
    mastery: Annotated[float, Field(ge=0, le=1)] = 0.2
    """How well the learner knows the form at the start."""


def _said(value: Any) -> Any:
    return {"says": value} if isinstance(value, str) else value


def _sentence(value: Any) -> Any:
    """Criteria may be a list; null is none."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "; ".join(value)
    return "" if value is None else value


def _tags(value: Any) -> Any:
    """Tags may be one text, with commas between them; null is none."""
    if isinstance(value, str):
        return [tag for tag in map(str.strip, value.split(",")) if tag]
    return () if value is None else value


class CaseSpec(Config):
    """A case written by hand."""

    name: Annotated[str, Field(min_length=1)]
    """Unique within the suite."""
    prompt: str | None = None
    """The learner's words, when there is nothing before them; otherwise `messages`."""
    messages: tuple[Message, ...] | None = None
    """The conversation so far, ending with the learner (user)."""
    criteria: Annotated[str, BeforeValidator(_sentence)] = ""
    """What a good reply does, in words."""
    tags: Annotated[tuple[str, ...], BeforeValidator(_tags)] = ()
    """Groups the case belongs to."""
    cluster: str = ""
    """Cases that share it are not independent of each other, such as one question at five levels."""
    checks: PhraseChecks = PhraseChecks()
    """Phrases that decide without a judge."""
    reference: str | None = None
    """A reply known to be good."""
    answer: str = ""
    """The solution that the learner is to find, or that the question asks for; of a choice, its letter."""
    choices: tuple[str, ...] = ()
    """What a multiple-choice question offers: reasoning is asked for, then a letter."""
    learner: LearnerSpec | None = None
    """Who asks, and what mistake is made."""
    turns: tuple[Annotated[TurnSpec, BeforeValidator(_said)], ...] = ()
    """What the learner says later, whatever the tutor answers: with any, the case is a dialogue."""
    simulated: Simulated | None = None
    """Or a learner who answers."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError(f"case {self.name!r} wants either a prompt or messages")
        if not self._as_messages() or self._as_messages()[-1]["role"] != "user":
            raise ValueError(f"case {self.name!r} must end with the learner's turn (role user)")
        if not self._as_messages()[-1]["content"].strip():
            raise ValueError(f"case {self.name!r} has an empty prompt")
        return self

    @model_validator(mode="after")
    def _can_be_decided(self) -> Self:
        if self.choices and self.answer not in LETTERS[: len(self.choices)]:
            raise ValueError(f"case {self.name!r}: the answer to {len(self.choices)} choices is a letter from A on")
        if self.choices and (self.turns or self.simulated):
            raise ValueError(f"case {self.name!r}: a multiple-choice question has one reply")
        return self

    @model_validator(mode="after")
    def _can_be_played(self) -> Self:
        if self.turns and self.simulated:
            raise ValueError(f"case {self.name!r} has turns or a simulated learner, not both")
        if self.simulated and not (self.learner and self.learner.error and self.learner.corrected):
            raise ValueError(f"case {self.name!r}: a simulated learner wants learner.error and learner.corrected")
        return self

    def build(self, system: str | None = None) -> Case:
        """The case, with `system` before a conversation that has no system message."""
        messages = self._as_messages()
        if system and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": system}, *messages]
        said = messages[-1]["content"]
        if self.choices:
            offered = "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, self.choices, strict=False))
            messages = [*messages[:-1], {"role": "user", "content": f"{said}\n\n{offered}\n\n{CHOICE_REQUEST}"}]
        return Case(
            name=self.name,
            messages=messages,
            truth=self.learner.build(said) if self.learner else None,
            reference=self.reference,
            answer=self.answer,
            choices=self.choices,
            script=tuple(turn.build() for turn in self.turns),
            simulation=Simulation(**self.simulated.model_dump()) if self.simulated else None,
            cluster=self.cluster,
            criteria=self.criteria,
            tags=self.tags,
            checks=self.checks.build(),
        )

    def _as_messages(self) -> Messages:
        if self.prompt is not None:
            return [{"role": "user", "content": self.prompt}]
        return [message.model_dump() for message in self.messages or []]
