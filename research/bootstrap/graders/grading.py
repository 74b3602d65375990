"""Who grades, the rules or models behind endpoints: one protocol, so that either can be calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from pydantic import Field, model_validator

from espalier.command_line.config import Config
from evaluation.config import EndpointOptions
from research.bootstrap.classroom.asking import Line, Want
from research.bootstrap.graders.grade import Grade, grade

RULES = "rules"


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A reply to be graded, and all that is known of it."""

    want: Want
    """What a reply has to hold."""
    band: int
    """The band whose task it is."""
    model: str
    """A good answer."""
    text: str
    """The reply."""
    ended: bool
    """Whether it ended by itself."""
    before: tuple[Line, ...]
    """What was said before it in its task."""


class GraderSettings(Config):
    """Who grades, and how."""

    by: Literal["rules", "llm"] = "rules"
    """The rules, which know the truth from a task's scene, or models behind endpoints."""
    models: list[str] = []
    """These models: openai:NAME@URL. Several are an ensemble, each with all its samples."""
    samples: int = Field(3, ge=1, le=32)
    """Answers of each model, of which, and of all models, the median counts: self-consistency (Wang et al. 2022)."""
    temperature: float = Field(0.7, ge=0)
    """Of these answers."""
    most_apart: int = Field(3, ge=0, le=7)
    """Scores by which the middle half of all answers may lie apart; beyond, the grader abstains."""
    endpoint: EndpointOptions = EndpointOptions()
    """How endpoints are asked, and what may be spent on each."""
    concurrency: int = Field(4, ge=1, le=256)
    """Questions that an endpoint gets at once."""

    @model_validator(mode="after")
    def _knows_whom_to_ask(self) -> Self:
        if (self.by == "llm") != bool(self.models):
            raise ValueError("models: openai:NAME@URL, of one or more, are wanted with by: llm, and with no other")
        if self.temperature == 0 and self.samples > 1:
            raise ValueError("samples: at temperature 0 all answers are one; ask for 1, or for another temperature")
        return self


class Grader(Protocol):
    """Gives grades."""

    @property
    def name(self) -> str:
        """Who it is, as grades and reports say it."""

    @property
    def identity(self) -> dict[str, Any]:
        """What decides its grades, as plain data."""

    def grades(self, items: Sequence[Item]) -> list[Grade | str]:
        """A grade for each item, or why there is none: an abstention."""


class Rules:
    """The rules of this folder."""

    name = RULES
    identity: dict[str, Any] = {"by": RULES}

    def grades(self, items: Sequence[Item]) -> list[Grade | str]:
        """As `grade` says, which never abstains."""
        return [grade(each.want, each.band, each.text, each.ended, each.before) for each in items]


def opened(settings: GraderSettings) -> Grader:
    """The grader that settings describe."""
    if settings.by == RULES:
        return Rules()
    from research.bootstrap.graders.by_llm import LlmGraders

    return LlmGraders(settings)
