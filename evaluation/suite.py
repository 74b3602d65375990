"""Suites: what is asked, and by what the replies are measured, in YAML.

A suite either lists its cases or draws them from a mix's held-out splits. A file that holds nothing but a list of
`{name, prompt, criteria, tags}` is a suite too.
"""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from espalier import complaints, yaml_text
from espalier.config import Config
from espalier.errors import UserError
from evaluation.cases import Case, Checks

SUITES = Path(__file__).parent / "suites"


class Generation(Config):
    """How replies are generated."""

    max_new_tokens: Annotated[int, Field(ge=1)] = 64
    """A reply that has not ended after so many tokens is cut."""
    temperature: Annotated[float, Field(ge=0)] = 0.0
    """0 takes the likeliest token each time (greedy)."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """When sampling, the share of probability that is kept."""


class HeldOut(Config):
    """Cases drawn from the held-out splits of a mix: dialogues up to the tutor's first turn."""

    mix: str
    """Name of the mix."""
    splits: Annotated[tuple[str, ...], Field(min_length=1)]
    """Its held-out splits."""
    cases_per_split: Annotated[int, Field(ge=1)] = 400
    """The first so many dialogues of each split; they were drawn at random."""
    dialogues_per_split: Annotated[int, Field(ge=0)] = 50
    """So many of them, those with several tutor turns, are played to their end."""


class PhraseChecks(Config):
    """Phrases a reply is searched for, as whole words."""

    contains: tuple[str, ...] = ()
    """Each must be there."""
    lacks: tuple[str, ...] = ()
    """None may be there."""


class Message(Config):
    """One turn of a conversation."""

    role: Annotated[str, Field(pattern="^(system|user|assistant)$")]
    """system, user or assistant."""
    content: Annotated[str, Field(min_length=1)]
    """What is said."""


class CaseSpec(Config):
    """A case written by hand."""

    name: Annotated[str, Field(min_length=1)]
    """Unique within the suite."""
    prompt: str | None = None
    """The learner's words, when there is nothing before them; otherwise `messages`."""
    messages: tuple[Message, ...] | None = None
    """The conversation so far, ending with the learner (user)."""
    criteria: str = ""
    """What a good reply does, in words."""
    tags: tuple[str, ...] = ()
    """Groups the case belongs to."""
    checks: PhraseChecks = PhraseChecks()
    """Phrases that decide without a judge."""
    reference: str | None = None
    """A reply known to be good."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError(f"case {self.name!r} wants either a prompt or messages")
        if not self.as_messages() or self.as_messages()[-1]["role"] != "user":
            raise ValueError(f"case {self.name!r} must end with the learner's turn (role user)")
        return self

    def as_messages(self) -> list[dict[str, str]]:
        """The conversation so far."""
        if self.prompt is not None:
            return [{"role": "user", "content": self.prompt}]
        return [message.model_dump() for message in self.messages or []]


class Suite(Config):
    """A versioned set of cases with the metrics that measure the replies."""

    name: str
    """Name of the suite."""
    version: int = 1
    """Raised whenever a change makes scores incomparable."""
    description: str = ""
    """What it measures, in one sentence."""
    truth: str = ""
    """Where its knowledge of right and wrong comes from, and what it cannot see; printed in every report."""
    heldout: HeldOut | None = None
    """Draw the cases from a mix."""
    cases: tuple[CaseSpec, ...] = ()
    """Or list them."""
    generation: Generation = Generation()
    """How replies are generated."""
    metrics: tuple[str, ...] = ("uptake", "asks", "explicit_correction", "in_role", "checks")
    """Names of metrics."""
    headline: str = ""
    """The metric that answers which model teaches better; by default the first."""
    controls: tuple[str, ...] = ()
    """Rules that answer the same cases, to show what a figure is worth: `rule:copy`, `rule:reference`."""

    @field_validator("metrics")
    @classmethod
    def _known_metrics(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        from evaluation.metrics import METRICS

        if not names:
            raise ValueError("at least one metric is wanted")
        for name in names:
            if name not in METRICS:
                raise ValueError(f"{name!r} is no metric{_did_you_mean(name, list(METRICS))}")
        return names

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.heldout is None) == (not self.cases):
            raise ValueError("a suite wants either heldout or at least one entry in cases")
        twice = [name for name, count in Counter(case.name for case in self.cases).items() if count > 1]
        if twice:
            raise ValueError(f"two cases are called {twice[0]!r}")
        if self.headline and self.headline not in self.metrics:
            raise ValueError(f"the headline {self.headline!r} is not among the metrics")
        return self

    @property
    def main_metric(self) -> str:
        """The metric that answers which model teaches better."""
        return self.headline or self.metrics[0]


def listed_cases(suite: Suite) -> list[Case]:
    """The cases a suite lists."""
    return [
        Case(
            name=spec.name,
            messages=spec.as_messages(),
            reference=spec.reference,
            criteria=spec.criteria,
            tags=spec.tags,
            checks=Checks(contains=spec.checks.contains, lacks=spec.checks.lacks),
        )
        for spec in suite.cases
    ]


def builtin_suites() -> list[str]:
    """Names of the suites that come with Espalier."""
    return sorted(path.stem for path in SUITES.glob("*.yaml"))


def load_suite(choice: str) -> Suite:
    """The suite named by `choice`, a builtin's name or a YAML file. UserError lists all that is wrong with it."""
    path = SUITES / f"{choice}.yaml" if choice in builtin_suites() else Path(choice)
    if not path.is_file():
        near = _did_you_mean(choice, builtin_suites())
        raise UserError(f"no suite {choice!r}: neither a file nor one of {', '.join(builtin_suites())}{near}")
    try:
        data = yaml_text.parse(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    if data is None:
        raise UserError(f"{path}: empty; a suite wants a name and cases, or is a list of cases")
    if isinstance(data, list):
        data = {"name": path.stem, "cases": data}
    try:
        return Suite.model_validate(data)
    except ValidationError as error:
        raise UserError("\n".join(complaints.of_validation(error, Suite, data, where=str(path), given={}))) from error


def _did_you_mean(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
