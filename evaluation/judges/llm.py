"""A judge behind an OpenAI-compatible endpoint.

It is asked once for a reply, by all dimensions of the rubric at once. A question for each would cost nine times the
prompts, and their greater part, the conversation, is the same in all; what is lost is that verdicts of one answer lean
on one another (a halo), which is why each has its own reason before it. Whatever is no answer of the form asked for, be
it a refusal, half a JSON or nothing in time, is an abstention with its cause: never a zero.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from espalier.endpoints.budget import Budget
from espalier.endpoints.client import EndpointError, EndpointSettings
from espalier.endpoints.completion import Reply, read_json
from espalier.errors import UserError
from evaluation.backends.fingerprint import SelfReport
from evaluation.backends.questions import Asker, Question
from evaluation.cache import key_of
from evaluation.cases.case import Messages
from evaluation.config import EvaluateConfig, endpoint_settings
from evaluation.judges.base import DIMENSIONS, Item, Verdict
from evaluation.judges.prompts import ABSTAINS, PAIR_VERDICTS, pair_prompt, pair_schema, prompt, schema
from evaluation.metrics.base import one_line
from evaluation.opener import opens

_MAX_TOKENS = 2048
"""Nine reasons and verdicts take about 400; the rest is for models that think first."""
_BLANK = Item(messages=[], reply="")


class LlmJudge:
    """A model that reads the rubric and the reply."""

    def __init__(self, settings: EndpointSettings, budget: Budget | None = None) -> None:
        self._settings = settings
        self._asker = Asker(settings, budget)
        self._report = SelfReport(settings)

    @property
    def name(self) -> str:
        """The model's name, in letters that a folder's name may have: that of its calibration."""
        plain = re.sub(r"[^A-Za-z0-9_.-]+|\.{2,}", "-", self._settings.model)
        return plain[-64:].strip("-._") or "llm"

    @property
    def names(self) -> tuple[str, ...]:
        """Itself."""
        return (self.name,)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All."""
        return tuple(DIMENSIONS)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The endpoint, what it reports of itself, and the hash of all that it is told."""
        rubric = key_of([prompt(_BLANK), schema(), pair_prompt(_BLANK, _BLANK), pair_schema(), _MAX_TOKENS])
        facts = {"kind": "llm", "model": self._report.facts, "rubric": rubric, "extra": self._settings.extra}
        return facts | {"content_hash": key_of(facts)}

    def judge(self, items: Sequence[Item]) -> list[dict[str, Verdict]]:
        """For each item a verdict by each dimension. UserError where nobody answers at all."""
        answers = self._ask([prompt(item) for item in items], schema())
        return [_verdicts(answer) for answer in answers]

    def compare(self, ones: Sequence[Item], others: Sequence[Item]) -> list[Verdict]:
        """Which of two replies to one conversation teaches better: 1 the one, 0 the other, 0.5 neither.

        Each pair is asked about in both orders. Where the two answers differ, the order decided and not the replies: a
        tie. Where one of them is an abstention, so is the verdict; `votes` has both.
        """
        pairs = list(zip(ones, others, strict=True))
        orders = [pair_prompt(*order) for one, other in pairs for order in ((one, other), (other, one))]
        found = [_read(answer, "comparison", PAIR_VERDICTS) for answer in self._ask(orders, pair_schema())]
        return [_both(first, second) for first, second in zip(found[::2], found[1::2], strict=True)]

    def _ask(self, prompts: Sequence[Messages], form: dict[str, Any]) -> list[dict[str, Any] | str]:
        """For each prompt the object that was answered, or why there is none."""
        found: list[dict[str, Any] | str] = ["not asked"] * len(prompts)
        questions = [Question(messages=messages, max_tokens=_MAX_TOKENS, schema=form) for messages in prompts]
        some = False
        try:
            for place, outcome in self._asker.ask(questions):
                if not isinstance(outcome, EndpointError):
                    self._report.hear(outcome.system_fingerprint)
                    some = True
                found[place] = str(outcome) if isinstance(outcome, EndpointError) else _object(outcome)
        except UserError as error:
            if not some:
                raise
            # What was answered is worth keeping; who asks on hears of it then.
            found = [str(error) if answer == "not asked" else answer for answer in found]
        finally:
            self._report.keep()
        return found


def _object(reply: Reply) -> dict[str, Any] | str:
    """The JSON object of a reply, or why there is none. Thoughts before it and a fence around it are passed over."""
    if reply.silence:
        return f"the answer is empty ({reply.silence})"
    if reply.finish == "length":
        return "the answer was too long and was cut off"
    try:
        value = read_json(reply.text)
    except ValueError:
        return f"the answer is not JSON: {one_line(reply.text, 80)!r}"
    return value if isinstance(value, dict) else f"the answer is no JSON object: {one_line(reply.text, 80)!r}"


def _verdicts(answer: dict[str, Any] | str) -> dict[str, Verdict]:
    return {name: _read(answer, name, dimension.values) for name, dimension in DIMENSIONS.items()}


def _read(answer: dict[str, Any] | str, name: str, values: Mapping[str, float]) -> Verdict:
    """The verdict under `name`; an abstention that failed where it has not the form asked for."""
    if isinstance(answer, str):
        return Verdict(value=None, why=answer, failed=True)
    found = answer.get(name)
    entry = found if isinstance(found, dict) else {}
    said = entry.get("verdict")
    if said not in (*values, ABSTAINS):
        why = f"no verdict of the form asked for: {one_line(json.dumps(found), 80)}"
        return Verdict(value=None, why=why, failed=True)
    return Verdict(value=values.get(said), why=one_line(str(entry.get("reason", ""))))


def _both(first: Verdict, second: Verdict) -> Verdict:
    """The verdict on a pair from those in either order, both told of the one that stood first."""
    turned = None if second.value is None else 1 - second.value
    votes = {"in this order": first.value, "the other way round": turned}
    if first.value is None or turned is None:
        silent = first if first.value is None else second
        return Verdict(value=None, why=silent.why, votes=votes, failed=first.failed or second.failed)
    if first.value == turned:
        return Verdict(value=first.value, why=first.why, votes=votes)
    return Verdict(value=0.5, why="the two orders disagree, which is a tie", votes=votes)


@opens("openai:NAME@URL", "a model behind any OpenAI-compatible endpoint")
def llm_judge(reference: str, config: EvaluateConfig) -> LlmJudge:
    """With a budget of its own."""
    return LlmJudge(endpoint_settings(reference, config), Budget(config.endpoint.budget))
