"""Controls as contestants: replies made to win without deserving it answer the suite's cases beside the models.

A control fakes one reply. So of a dialogue, scripted or simulated, it answers the first turn and no other, which is the
reply that a verdict goes by; and where it cannot be made, it has no reply and no score.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from espalier.artifacts.code_behind import contents_of
from espalier.errors import UserError
from evaluation.backends.base import Ask, Given
from evaluation.backends.rules import Rule
from evaluation.cases.case import Case, Reply
from evaluation.cases.suite import Suite
from evaluation.config import EvaluateConfig
from evaluation.controls.base import Control, Scene, controls
from evaluation.controls.choice import chosen, words_of
from evaluation.opener import opens
from evaluation.scoring.pedagogy import PEDAGOGY

FOLDER = "evaluation/controls"
"""Where the families, and what they are made of, are."""
PREFIX = "control:"
"""Before a family's name, where the name is a contestant's."""
REFERENCE = "rule:reference"
"""What controls are held against, where the suite has good replies."""
DEFAULT = (
    "salad", "restated", "agrees", "transplanted", "canned_pool", "crafted", "emoji_alone", "answer_asked",
    "all_to_all",
)  # fmt: skip
"""Who is tried against the pedagogy score where nobody says whom: of each kind what comes nearest to good replies, and
can be made for most cases."""


@dataclass(frozen=True, kw_only=True)
class ControlReplies(Rule):
    """One family of made replies, to the cases of a suite."""

    control: Control
    """The family."""
    cases: Sequence[Case]
    """All cases of the suite: a reply may be taken from another's."""

    @property
    def name(self) -> str:
        """How reports call it."""
        return PREFIX + self.control.name

    @property
    def identity(self) -> dict[str, Any]:
        """The family, by what the code and the words of all of them do: they share frames and helpers."""
        found = json.dumps(contents_of(FOLDER), sort_keys=True)
        return {"kind": "control", "spec": self.name, "content_hash": hashlib.sha256(found.encode()).hexdigest()}

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """The replies; an error where none can be made."""
        for place, ask in enumerate(asks):
            scene = replace(scene_of(ask.case), others=self._scenes)
            (made,) = self.control.replies([scene], seed=ask.seed)
            if made is None:
                yield place, Reply(text="", num_tokens=0, finish="error", error="it cannot be made here")
            else:
                yield place, Reply(text=made, num_tokens=0, finish="stop")

    @cached_property
    def _scenes(self) -> list[Scene]:
        return [scene_of(case) for case in self.cases]


def scene_of(case: Case) -> Scene:
    return Scene(
        messages=case.messages,
        references=(case.reference,) if case.reference else (),
        answer=case.answer or (case.truth.corrected if case.truth else ""),
        problem=case.cluster or case.name,
    )


def standing_beside(config: EvaluateConfig, suite: Suite, cases: Sequence[Case]) -> list[str]:
    """References of who answers beside the models: the rules that the suite or `--controls` names, and the controls.

    `--controls` takes the place of the controls that the suite names, or of `DEFAULT`, and leaves its rules. Where
    controls are tried and there are good replies, those are measured too. UserError for a name that is none.
    """
    words, where = list(suite.controls), f"suite {suite.name}: controls: "
    rules = [word for word in words if word.startswith("rule:")]
    if config.controls is not None:
        words, where = words_of(config.controls), "--controls "
        rules += [word for word in words if word.startswith("rule:")]
    asked = [word.removeprefix(PREFIX) for word in words if not word.startswith("rule:")]
    if not asked and config.controls is None and PEDAGOGY.name in suite.metrics:
        asked = list(DEFAULT)
    families = chosen(asked, controls(), where)
    if families and any(case.reference for case in cases):
        rules.append(REFERENCE)
    return [*dict.fromkeys(rules), *(PREFIX + name for name in families)]


@opens(f"{PREFIX}NAME", "replies that were made to win a score without deserving it, of one family")
def control_replies(reference: str, given: Given) -> ControlReplies:
    """UserError for a family that there is not."""
    (name,) = chosen([reference.removeprefix(PREFIX)], controls(), PREFIX)[:1] or [""]
    found = controls().get(reference.removeprefix(PREFIX))
    if found is None:
        raise UserError(f"{reference}: is a kind of controls; name one of them, such as {PREFIX}{name}")
    return ControlReplies(control=found, cases=given.cases)
