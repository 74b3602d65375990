"""Suites: what is asked, and by what the replies are measured, in YAML.

A suite lists its cases, makes them from templates, extends another suite, or draws them from a mix's held-out splits.
A file that holds nothing but a list of `{name, prompt, criteria, tags}` is a suite too, and so are a JSONL file of
minimal pairs (`sentence_good`, `sentence_bad`) and any text.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from espalier import complaints, yaml_text
from espalier.config import Config, FilePath
from espalier.errors import UserError
from evaluation.case_spec import CaseSpec
from evaluation.cases import Case
from evaluation.columns import known_columns
from evaluation.metrics.base import Column
from evaluation.templates import Template, expand

SUITES = Path(__file__).parent / "suites"


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
    """Rules that answer the same cases, to show what a figure is worth: `rule:copy`, `rule:reference`."""

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
        if (self.heldout is None) == (not listed):
            raise ValueError("a suite wants either heldout or at least one entry in cases, templates, pairs or texts")
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
    from evaluation.likelihoods import read_pairs, read_texts

    if suite.pairs:
        return read_pairs(suite.pairs)
    if suite.texts:
        return read_texts(suite.texts)
    return [spec.build(suite.system) for spec in suite.cases]


def builtin_suites() -> list[str]:
    """Names of the suites that come with Espalier."""
    return sorted(path.stem for path in SUITES.glob("*.yaml"))


def load_suite(choice: str, columns: Mapping[str, Column] | None = None) -> Suite:
    """The suite named by `choice`, a builtin's name or a file. UserError lists all that is wrong with it.

    `columns` are those that it may name; by default all that come with Espalier.
    """
    path = _find(choice)
    if path.suffix == ".jsonl":
        data: dict[str, Any] = _likelihoods(
            path, "pairs", "prefers_good", "Is the good sentence of each pair the likelier?"
        )
    elif path.suffix == ".txt":
        data = _likelihoods(path, "texts", "bits_per_byte", "How well does the model predict this text?")
    else:
        data = _read(path, ())
    try:
        return Suite.model_validate(data, context={"columns": columns, "relative_to": path.absolute().parent})
    except ValidationError as error:
        raise UserError("\n".join(complaints.of_validation(error, Suite, data, where=str(path), given={}))) from error


def describe(suite: Suite) -> str:
    """What is in a suite, in a few lines."""
    head = f"{suite.name}, version {suite.version}: {suite.description or 'no description'}"
    if suite.heldout:
        return f"{head}\ncases from mix {suite.heldout.mix}, splits {', '.join(suite.heldout.splits)}"
    cases = listed_cases(suite)
    several = sum(bool(case.script or case.simulation) for case in cases)
    tags = Counter(tag for case in cases for tag in case.tags)
    return "\n".join(
        [
            head,
            f"{len(cases):,} cases, {several:,} of them dialogues; {suite.generation.samples} replies to each",
            f"measured by {', '.join(suite.metrics)}; {suite.main_metric} decides",
            f"tags: {', '.join(f'{tag} {count}' for tag, count in tags.most_common())}" if tags else "no tags",
        ]
    )


def _find(choice: str, beside: Path | None = None) -> Path:
    path = SUITES / f"{choice}.yaml" if choice in builtin_suites() else (beside or Path()) / Path(choice).expanduser()
    if not path.is_file():
        near = _did_you_mean(choice, builtin_suites())
        raise UserError(f"no suite {choice!r}: neither a file nor one of {', '.join(builtin_suites())}{near}")
    return path


def _likelihoods(path: Path, kind: str, metric: str, description: str) -> dict[str, Any]:
    return {"name": path.stem, "description": description, kind: [path.name], "metrics": [metric]}


def _read(path: Path, extended_by: tuple[Path, ...]) -> dict[str, Any]:
    """A suite's file as plain data: what it extends put before it, its templates filled in."""
    try:
        data = yaml_text.parse(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    if data is None:
        raise UserError(f"{path}: empty; a suite wants a name and cases, or is a list of cases")
    if isinstance(data, list):
        data = {"name": path.stem, "cases": data}
    if not isinstance(data, dict):
        raise UserError(f"{path}: a suite is a list of cases, or keys such as name and cases")
    data = _filled(data, path)
    if not isinstance(data.get("extends"), str):
        return data
    base_path = _find(data["extends"], path.parent)
    if base_path.resolve() in (*extended_by, path.resolve()):
        raise UserError(f"{path}: extends {data['extends']}, which extends it in turn")
    base = _read(base_path, (*extended_by, path.resolve()))
    for key in ("pairs", "texts"):
        base[key] = [str(base_path.parent / name) for name in base.get(key, [])]
    return _extended(base, data)


def _extended(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Cases of the base first, but for those that the suite itself has under the same name."""
    names = {case.get("name") for case in own.get("cases", []) if isinstance(case, dict)}
    inherited = [case for case in base.get("cases", []) if not isinstance(case, dict) or case.get("name") not in names]
    merged = base | own
    for key, before in (("cases", inherited), ("pairs", base.get("pairs", [])), ("texts", base.get("texts", []))):
        after = own.get(key, [])
        merged[key] = [*before, *after] if isinstance(after, list) else after
    if isinstance(base.get("generation"), dict) and isinstance(own.get("generation"), dict):
        merged["generation"] = base["generation"] | own["generation"]
    if "metrics" in own and "headline" not in own:
        merged.pop("headline", None)
    return merged


def _filled(data: dict[str, Any], path: Path) -> dict[str, Any]:
    """The suite with its templates made into cases."""
    listed, templates = data.get("cases", []), data.get("templates", [])
    if not templates or not isinstance(templates, list) or not isinstance(listed, list):
        return data
    made = []
    for place, entry in enumerate(templates):
        try:
            made += expand(Template.model_validate(entry), str(path))
        except ValidationError as error:
            where = f"{path}: templates.{place}"
            raise UserError(
                "\n".join(complaints.of_validation(error, Template, entry, where=where, given={}))
            ) from error
    return {key: value for key, value in data.items() if key != "templates"} | {"cases": [*listed, *made]}


def _did_you_mean(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
