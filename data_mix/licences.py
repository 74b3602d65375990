"""What a mix may be used for: the verdicts of research/licences.yaml, and the judgement of a recipe's sources by them.

    judgement = judge("commercial", source_name="dialogues", corpus="mathdial")
    refusal([judgement])        # None, or what to tell the user
    attributions([judgement])   # whom the card must name

A source is looked up by its `corpus` key, then by its hub name. One that stands in no entry is judged by its `licence`
where that is a well-known one. What nobody stated is outside every policy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, load_file
from espalier.errors import UserError

Policy = Literal["research", "commercial"]
Answer = Literal["yes", "no", "conditions"]

CURRICULUM_CORPUS = "curriculum"
"""The entry of the from-scratch curriculum."""


class Evidence(Config):
    """Where something about a licence stands, and what."""

    where: str = Field(min_length=1)
    """A URL, or a file of the corpus."""
    says: str = Field(min_length=1)
    """What it says, in our words."""


class Verdict(Config):
    """What one corpus may be used for, and how we know."""

    title: str = Field(min_length=1)
    """What it is called."""
    hub: list[str] = []
    """Its names on the hub."""
    url: str | None = None
    """Where it comes from, when that is not the hub."""
    licence: str = Field(min_length=1)
    """An SPDX identifier where there is one, otherwise words."""
    research: Answer
    """Whether a model for research may be trained on it."""
    commercial: Answer
    """Whether a model for sale may be trained on it."""
    conditions: str = ""
    """What must be met where an answer is `conditions`."""
    share_alike: bool = False
    """Whether a mix that contains it may be passed on only under the same terms."""
    attribution: str | None = None
    """Whom a mix that contains it must name."""
    gate: Literal["none", "hub-terms", "paid", "request"] = "none"
    """What stands before the download: nothing, terms to accept on the hub, a price, or somebody to ask."""
    evidence: list[Evidence] = []
    """Where this stands. None means that nothing was verified, and then no answer is `yes`."""
    checked: date
    """When the evidence was read."""
    notes: str = ""
    """What else there is to know."""

    @model_validator(mode="after")
    def _is_founded(self) -> Self:
        answers = {self.research, self.commercial}
        if "yes" in answers and not self.evidence:
            raise ValueError("an answer `yes` wants `evidence`; what is not verified is `conditions` at best")
        if "conditions" in answers and not self.conditions:
            raise ValueError("an answer `conditions` wants `conditions`, which say what must be met")
        if self.commercial == "yes" and self.research != "yes":
            raise ValueError("commercial use is never freer than research")
        return self


class Licences(Config):
    """The file of verdicts."""

    corpora: dict[str, Verdict]
    """One entry for each known corpus."""

    @model_validator(mode="after")
    def _hub_names_are_told_apart(self) -> Self:
        owners: dict[str, str] = {}
        for key, verdict in self.corpora.items():
            for name in verdict.hub:
                other = owners.setdefault(name.lower(), key)
                if other != key:
                    raise ValueError(f"{name} stands in two entries, {other} and {key}")
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Whether one source of a recipe is within the policy, and why."""

    source: str
    ok: bool
    why: str
    licence: str
    corpus: str | None = None
    """The entry that decided, or None where the stated licence did."""
    conditions: str = ""
    share_alike: bool = False
    attribution: str | None = None
    gate: str = "none"


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a well-known licence says, whatever it is put on."""

    spdx: str
    commercial: Answer = "yes"
    share_alike: bool = False
    named: bool = True
    conditions: str = ""


def _plain(licence: str) -> str:
    """A licence's name as it is compared: `CC BY 4.0` and `cc-by-4.0` are the same."""
    return re.sub(r"[\s_-]+", "-", licence.strip().lower())


_NO_DERIVATIVES = "it may not be passed on altered, and a mix is an alteration"
_KNOWN_TERMS = [
    *(_Terms(name) for name in ("MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC")),
    *(_Terms(name, named=False) for name in ("CC0-1.0", "Unlicense", "PDDL-1.0", "CDLA-Permissive-2.0")),
    *(_Terms(f"CC-BY-{version}") for version in ("2.0", "2.5", "3.0", "4.0")),
    *(_Terms(f"CC-BY-SA-{version}", share_alike=True) for version in ("2.0", "2.5", "3.0", "4.0")),
    *(_Terms(f"CC-BY-NC-{version}", "no") for version in ("2.0", "2.5", "3.0", "4.0")),
    *(_Terms(f"CC-BY-NC-SA-{version}", "no", share_alike=True) for version in ("2.0", "2.5", "3.0", "4.0")),
    _Terms("CC-BY-ND-4.0", "conditions", conditions=_NO_DERIVATIVES),
    _Terms("CC-BY-NC-ND-4.0", "no", conditions=_NO_DERIVATIVES),
    _Terms("ODC-By-1.0"),
    _Terms("ODbL-1.0", share_alike=True),
    _Terms("CDLA-Sharing-1.0", share_alike=True),
    _Terms("my own", named=False),
]
_KNOWN = {_plain(terms.spdx): terms for terms in _KNOWN_TERMS}
_ALIASES = {
    "apache": "apache-2.0",
    "cc0": "cc0-1.0",
    "odc-by": "odc-by-1.0",
    "cc-by-2.0-fr": "cc-by-2.0",
    "own": "my-own",
}
_UNSTATED = {"", "not-stated", "unknown", "unclear", "none", "other", "noassertion"}
_USES: dict[str, str] = {"research": "research", "commercial": "commercial use"}


def licences_file() -> Path:
    """The file of verdicts, in the checkout."""
    return repo_root() / "research" / "licences.yaml"


@cache
def load() -> dict[str, Verdict]:
    """The verdicts by corpus. Raises UserError where the file is missing or says something that cannot be."""
    return load_file(Licences, licences_file()).corpora


def judge(
    policy: Policy | None,
    *,
    source_name: str,
    corpus: str | None = None,
    hub: str | None = None,
    licence: str = "not stated",
) -> Judgement:
    """Whether a source may be used under a policy; without a policy everything may, and what is known is said.

    `corpus` is a key of the file of verdicts or a hub name. Raises UserError for a key that is in no entry.
    """
    key = _find(corpus, hub, source_name)
    if key is not None:
        return _by_verdict(policy, source_name, key, load()[key])
    return _by_licence(policy, source_name, licence)


def refusal(judgements: Iterable[Judgement], *, allow: Iterable[str] = ()) -> str | None:
    """One line for each source that is outside the policy and not allowed by name, or None."""
    allowed = set(allow)
    refused = [judgement for judgement in judgements if not judgement.ok and judgement.source not in allowed]
    if not refused:
        return None
    names = " ".join(sorted({*allowed, *(judgement.source for judgement in refused)}))
    lines = [f"{judgement.source}: {judgement.why}" for judgement in refused]
    return "\n".join([*lines, f"leave them out, or use them all the same: --allow {names}"])


def attributions(judgements: Iterable[Judgement]) -> list[str]:
    """Whom the card of a mix must name, each once, in the order of the sources."""
    return list(dict.fromkeys(judgement.attribution for judgement in judgements if judgement.attribution))


def _find(corpus: str | None, hub: str | None, source_name: str) -> str | None:
    verdicts = load()
    hub_names = {name.lower(): key for key, verdict in verdicts.items() for name in verdict.hub}
    for name in (corpus, hub):
        if name is not None and (name in verdicts or name.lower() in hub_names):
            return name if name in verdicts else hub_names[name.lower()]
    if corpus is None or "/" in corpus:
        return None
    near = difflib.get_close_matches(corpus, verdicts, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "leave `corpus` out, and state the `licence`"
    raise UserError(f"source {source_name}: corpus: {corpus!r} is in no entry of {licences_file().name}; {hint}")


def _by_verdict(policy: Policy | None, source: str, key: str, verdict: Verdict) -> Judgement:
    answer = _answer(policy, verdict.research, verdict.commercial)
    why = _why(policy, answer, verdict.licence, verdict.conditions)
    return Judgement(
        source=source,
        ok=_within(policy, answer),
        why=f"{verdict.title}: {why}",
        licence=verdict.licence,
        corpus=key,
        conditions=verdict.conditions,
        share_alike=verdict.share_alike,
        attribution=verdict.attribution,
        gate=verdict.gate,
    )


def _by_licence(policy: Policy | None, source: str, licence: str) -> Judgement:
    plain = _plain(licence)
    terms = _KNOWN.get(_ALIASES.get(plain, plain))
    if terms is None:
        stated = "no licence is stated" if plain in _UNSTATED else f"the licence {licence!r} is not one that we know"
        why = f"{stated}; state its `licence`, or name its entry in {licences_file().name} by `corpus`"
        return Judgement(source=source, ok=policy is None, why=why, licence=licence)
    answer = _answer(policy, "conditions" if terms.conditions else "yes", terms.commercial)
    return Judgement(
        source=source,
        ok=_within(policy, answer),
        why=_why(policy, answer, terms.spdx, terms.conditions),
        licence=terms.spdx,
        conditions=terms.conditions,
        share_alike=terms.share_alike,
        attribution=f"{source} ({licence.strip()})" if terms.named else None,
    )


def _answer(policy: Policy | None, research: Answer, commercial: Answer) -> Answer:
    return commercial if policy == "commercial" else research


def _within(policy: Policy | None, answer: Answer) -> bool:
    return policy is None or answer == "yes" or (answer == "conditions" and policy == "research")


def _why(policy: Policy | None, answer: Answer, licence: str, conditions: str) -> str:
    if policy is None:
        return f"{licence}{f'; {conditions}' if conditions else ''}"
    use = _USES[policy]
    if answer == "yes":
        return f"{licence} allows {use}"
    if answer == "no":
        return f"{licence} does not allow {use}"
    return f"{licence} allows {use} under conditions only: {conditions}"
