"""Rules that answer like a model would: what a figure is worth shows beside what no learning reaches, and at most."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from espalier.errors import UserError
from espalier.text.rows import read_rows
from evaluation.backends.base import Ask, Given
from evaluation.cases.case import Reply
from evaluation.cases.heldout import Mix, tutor_turns
from evaluation.metrics.words import to_tutors_person
from evaluation.opener import opens

_RECASTS_READ = 2_000


class Rule:
    """What all rules have in common."""

    is_model: ClassVar[bool] = False
    ref: ClassVar[None] = None
    supports_texts: ClassVar[bool] = False
    interactive: ClassVar[bool] = False

    def key(self, ask: Ask) -> None:
        """Nothing: a rule answers faster than a cache."""

    def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True, kw_only=True)
class ReferenceRule(Rule):
    """Gives each case's own reference."""

    source: str
    """What the references are known by."""
    name: str = "rule:reference"
    """How reports call it."""

    @property
    def identity(self) -> dict[str, Any]:
        """The cases' source."""
        return {"kind": "rule", "spec": self.name, "content_hash": self.source}

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """The references; an error for a case that has none."""
        for place, ask in enumerate(asks):
            if ask.case.reference is None:
                yield place, Reply(text="", num_tokens=0, finish="error", error="the case has no reference")
            else:
                yield place, Reply(text=ask.case.reference, num_tokens=0, finish="stop")


@dataclass(frozen=True, kw_only=True)
class CopyRule(Rule):
    """Puts the learner's sentence, mistake and all, into one template: what copying alone is worth."""

    template: str
    """The reply, with `{}` for the learner's clause."""
    name: str = "rule:copy"
    """How reports call it."""

    @property
    def identity(self) -> dict[str, Any]:
        """The template."""
        digest = hashlib.sha256(self.template.encode()).hexdigest()
        return {"kind": "rule", "spec": self.name, "content_hash": digest, "template": self.template}

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """The learners' sentences, turned to the tutor's person; an error where no learner speaks."""
        for place, ask in enumerate(asks):
            if ask.case.learner:
                yield place, Reply(text=self._reply(ask.case.learner), num_tokens=0, finish="stop")
            else:
                yield place, Reply(text="", num_tokens=0, finish="error", error="the case has no learner to copy")

    def _reply(self, learner: str) -> str:
        before, _, after = self.template.partition("{}")
        clause = to_tutors_person(learner)
        opens = not before.strip() or before.rstrip()[-1] in ".?!"
        return before + (clause[:1].upper() + clause[1:] if opens else clause) + after


def commonest_recast(mix: Mix) -> str:
    """The commonest of the first recasts in the mix's training rows, with `{}` in the place of the corrected clause.

    Ties go to the one that is first in alphabetical order. UserError where the mix has no recasts.
    """
    counts = Counter(islice(_recasts(mix), _RECASTS_READ))
    if not counts:
        raise UserError(f"rule:copy: the training rows of mix {mix.name} hold no recasts to take a template from")
    return min(counts, key=lambda template: (-counts[template], template))


def _recasts(mix: Mix) -> Iterator[str]:
    for row in read_rows(mix.folder / "train.parquet"):
        for reply, facts in tutor_turns(row):
            if facts["strategy"] == "recast" and facts["corrected"]:
                before, found, after = _split_at(reply, facts["corrected"])
                if found:
                    yield f"{before}{{}}{after}"


def _split_at(text: str, phrase: str) -> tuple[str, bool, str]:
    start = text.lower().find(phrase.lower())
    return (text[:start], True, text[start + len(phrase) :]) if start >= 0 else (text, False, "")


@opens("rule:copy", "copies the learner's sentence, mistake and all, into the commonest recast of the training rows")
def copy_rule(reference: str, given: Given) -> CopyRule:
    """UserError where the cases come from no mix."""
    if given.mix is None:
        raise UserError("rule:copy takes its template from a mix, and this suite has none")
    return CopyRule(template=commonest_recast(given.mix))


@opens("rule:reference", "gives the reply that the suite itself knows to be good: the most that these measures allow")
def reference_rule(reference: str, given: Given) -> ReferenceRule:
    """For any suite."""
    return ReferenceRule(source=given.cases_hash)
