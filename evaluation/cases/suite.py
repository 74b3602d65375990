"""Suites: what is asked, and by what the replies are measured, in YAML.

A suite lists its cases, makes them from templates, extends another suite, or draws them from a mix's held-out splits.
`espalier/suite_file.py` reads it, in whichever form it is; what it must say, and may, is checked here.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from espalier.command_line import complaints
from espalier.command_line.config import Config, FilePath
from espalier.errors import UserError
from espalier.suite_file import find_suite, read_suite
from espalier.suite_templates import Template
from evaluation.cases.case import Case
from evaluation.cases.case_spec import CaseSpec
from evaluation.metrics.base import Column
from evaluation.scoring.columns import known_columns

_CASE = re.compile(r": cases\.(\d+)\.")


class Generation(Config):
    """How replies are generated."""

    max_new_tokens: Annotated[int, Field(ge=1)] = 64
    """A reply that has not ended after so many tokens is cut."""
    temperature: Annotated[float, Field(ge=0)] = 0.0
    """0 takes the likeliest token each time (greedy)."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """When sampling, the share of probability that is kept."""
    samples: Annotated[int, Field(ge=1, le=1000)] = 1
    """Replies to each case; more than one wants a temperature."""

    @model_validator(mode="after")
    def _samples_differ(self) -> Self:
        if self.samples > 1 and self.temperature == 0:
            raise ValueError("samples: at temperature 0 all samples are the same; set a temperature")
        return self


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


class Withheld(Config):
    """Cases made of what was kept from the learner that grew up without it (`--learner run:NAME`): lessons about it."""

    only: tuple[str, ...] = ()
    """Lessons about these verbs alone."""
    leave_out: tuple[str, ...] = ()
    """No lessons about these."""
    lessons_per_item: Annotated[int, Field(ge=1)] = 2
    """Lessons about each, every one with a learner that had none yet."""
    moves: tuple[str, ...] = ()
    """What a system line asks of the tutor, as the curriculum's dialogues do: one move after the other by lesson; ""
    asks for none."""
    turns: Annotated[int, Field(ge=1, le=20)] = 4
    """Replies of the tutor in a lesson."""
    learning_rate: Annotated[float, Field(gt=0)] = 0.002
    """How far a step goes that the learner takes on what it heard (Adam's)."""
    steps: Annotated[int, Field(ge=0, le=100)] = 3
    """Steps that it takes on each reply."""


class Suite(Config):
    """A versioned set of cases with the metrics that measure the replies."""

    name: Annotated[str, Field(min_length=1)]
    """Name of the suite."""
    version: int = 1
    """Raised whenever a change makes scores incomparable."""
    description: str = ""
    """What it measures, in one sentence."""
    truth: str = ""
    """Where its knowledge of right and wrong comes from, and what it cannot see; printed in every report."""
    extends: str | None = None
    """A suite whose cases come first, and whose settings hold where this one says nothing."""
    system: str | None = None
    """A system message for the cases that have none."""
    heldout: HeldOut | None = None
    """Draw the cases from a mix."""
    withheld: Withheld | None = Field(None, exclude_if=lambda found: found is None)
    """Or make them of what was kept from the learner."""
    cases: tuple[CaseSpec, ...] = ()
    """Or list them."""
    templates: tuple[Template, ...] = ()
    """Or make them from templates."""
    pairs: tuple[FilePath, ...] = ()
    """JSONL files of minimal pairs: `sentence_good`, `sentence_bad`; `field`, `linguistics_term`, `UID` become tags."""
    texts: tuple[FilePath, ...] = ()
    """Text files whose bits per byte are measured, a paragraph at a time."""
    generation: Generation = Generation()
    """How replies are generated."""
    metrics: tuple[str, ...] = ("uptake", "asks", "explicit_correction", "in_role", "checks")
    """Names of metrics, of judges' dimensions, or `pedagogy`."""
    headline: str = ""
    """The one that answers which model teaches better; by default the first."""
    controls: tuple[str, ...] = ()
    """What answers the same cases, to show what a figure is worth: rules (`rule:copy`, `rule:reference`), and replies
    made to win, by family or kind (`salad`), `all`, or `none`."""

    @field_validator("metrics")
    @classmethod
    def _known_metrics(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = (info.context or {}).get("columns") or known_columns()
        if not names:
            raise ValueError("at least one metric is wanted")
        for name, count in Counter(names).items():
            if name not in known:
                raise ValueError(f"{name!r} is no metric{_did_you_mean(name, list(known))}")
            if count > 1:
                raise ValueError(f"{name!r} stands twice")
        return names

    @model_validator(mode="after")
    def _whole(self) -> Self:
        listed = self.cases or self.pairs or self.texts
        if sum(map(bool, (self.heldout, self.withheld, listed))) != 1:
            raise ValueError(
                "a suite wants either withheld, heldout or at least one entry in cases, templates, pairs or texts"
            )
        if (self.pairs or self.texts) and (self.cases or (self.pairs and self.texts)):
            raise ValueError("pairs and texts each want a suite of their own")
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
    """The cases a suite lists, or reads from its files."""
    from evaluation.cases.likelihoods import read_pairs, read_texts

    if suite.pairs:
        return read_pairs(suite.pairs)
    if suite.texts:
        return read_texts(suite.texts)
    return [spec.build(suite.system) for spec in suite.cases]


def load_suite(choice: str, columns: Mapping[str, Column] | None = None) -> Suite:
    """The suite named by `choice`, a builtin's name or a file. UserError lists all that is wrong with it.

    `columns` are those that it may name; by default all that come with Espalier.
    """
    found = read_suite(find_suite(choice))
    try:
        return Suite.model_validate(
            found.data, context={"columns": columns, "relative_to": found.path.absolute().parent}
        )
    except ValidationError as error:
        problems = complaints.of_validation(error, Suite, found.data, where=str(found.path), given={})
        raise UserError("\n".join(_by_name(problem, found.data.get("cases")) for problem in problems)) from error


def describe(suite: Suite) -> str:
    """What is in a suite, in a few lines."""
    head = f"{suite.name}, version {suite.version}: {suite.description or 'no description'}"
    if suite.heldout:
        return f"{head}\ncases from mix {suite.heldout.mix}, splits {', '.join(suite.heldout.splits)}"
    if suite.withheld:
        return f"{head}\ncases from what was kept from the learner (--learner run:NAME)"
    cases = listed_cases(suite)
    several = sum(bool(case.script or case.simulation) for case in cases)
    worded = sum(bool(case.criteria) for case in cases)
    tags = Counter(tag for case in cases for tag in case.tags)
    return "\n".join(
        [
            head,
            f"{len(cases):,} cases, {several:,} of them dialogues; {suite.generation.samples} replies to each",
            f"{worded:,} say in words what a good reply does (criteria), for people and for judges that read",
            f"measured by {', '.join(suite.metrics)}; {suite.main_metric} decides",
            f"tags: {', '.join(f'{tag} {count}' for tag, count in tags.most_common())}" if tags else "no tags",
        ]
    )


def _by_name(problem: str, cases: Any) -> str:
    """A complaint that calls the case by its name: templates and what is extended make its number another."""

    def named(found: re.Match[str]) -> str:
        case = cases[int(found[1])]
        name = case.get("name") if isinstance(case, dict) else None
        return f": case {name!r}: " if isinstance(name, str) else found[0]

    return _CASE.sub(named, problem, count=1) if isinstance(cases, list) else problem


def _did_you_mean(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
