"""Grades by models behind OpenAI-compatible endpoints: a rubric, a form of answers, several models, several samples.

Each model is asked several times, and of all answers the median counts, English and task apart; the score is gated of
them by the same table as the rules'. Where fewer than half of the answers have the form asked for, or where they lie
far apart, there is no grade but an abstention, never a zero. Answers are kept, so that nobody is asked twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from espalier.command_line import yaml_text
from evaluation.backends.questions import Question
from evaluation.cache import key_of
from evaluation.cases.case import Messages
from evaluation.judges.prompts import about_data
from evaluation.metrics.base import one_line
from research.bootstrap.answers import MAX_TOKENS, answers, asker_of, closed
from research.bootstrap.bands import TOP_SCORE
from research.bootstrap.graders.grade import Grade, gate
from research.bootstrap.graders.grading import GraderSettings, Item

_PARTS = ("english", "answer")
Marks = list[int]
"""English and task, 0 to TOP_SCORE each."""


class LlmGraders:
    """Models that read the rubric, the task and the reply. Ask them by `grades` as often as wanted."""

    def __init__(self, settings: GraderSettings) -> None:
        self._settings = settings
        self._askers = {
            reference: asker_of(reference, settings.endpoint, settings.concurrency) for reference in settings.models
        }

    @property
    def name(self) -> str:
        """Its models."""
        return ", ".join(self._settings.models)

    @property
    def identity(self) -> dict[str, Any]:
        """Models, sampling and the hash of all that they are told; how patiently they are asked changes nothing."""
        told = key_of([rubric(), _form(), MAX_TOKENS])
        sampling = self._settings.model_dump(include={"samples", "temperature", "most_apart"})
        return {"by": "llm", "models": self._settings.models, "rubric": told, **sampling,
                "extra": self._settings.endpoint.extra}  # fmt: skip

    def grades(self, items: Sequence[Item]) -> list[Grade | str]:
        """A grade for each item, or why there is none. UserError where a budget is reached, or no answer comes."""
        prompts = [prompt(item) for item in items]
        found = [list[Marks | str]() for _ in items]
        for reference in self._settings.models:
            for of_item, of_model in zip(found, self._ask(reference, prompts), strict=True):
                of_item.extend(of_model)
        return [_agreed(each, self._settings.most_apart) for each in found]

    def _ask(self, reference: str, prompts: Sequence[Messages]) -> list[list[Marks | str]]:
        """Of each prompt the model's answers, or why they are none."""
        samples = self._settings.samples
        asked = [(messages, sample) for messages in prompts for sample in range(samples)]
        questions = [self._question(*each) for each in asked]
        keys = [self._key(reference, *each) for each in asked]
        found = answers(self._askers[reference], questions, keys, _marks)
        return [found[first : first + samples] for first in range(0, len(found), samples)]

    def _question(self, messages: Messages, sample: int) -> Question:
        return Question(
            messages=messages,
            max_tokens=MAX_TOKENS,
            temperature=self._settings.temperature,
            seed=sample,
            schema=_form(),
        )

    def _key(self, reference: str, messages: Messages, sample: int) -> str:
        return key_of(["bootstrap grade", reference, self.identity["extra"], self._settings.temperature, sample,
                       messages, _form(), MAX_TOKENS])  # fmt: skip


@cache
def rubric() -> dict[str, Any]:
    """What a model that grades is told."""
    path = Path(__file__).with_name("rubric.yaml")
    found: dict[str, Any] = yaml_text.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def prompt(item: Item) -> Messages:
    """The question about one reply. The reply stands there as data that cannot pose as the rubric."""
    told = rubric()
    data = {
        "band": told["bands"][item.band],
        "said before": [str(line) for line in item.before],
        "a good answer": item.model,
        "reply": item.text.strip(),
        "the reply ended by itself": item.ended,
    }
    questions = [f"{part}: {told[part]}" for part in _PARTS]
    return about_data(told["task"], questions, data, "the task and the pupil's reply to it", _form())


def _form() -> dict[str, Any]:
    """JSON schema of an answer: of each part a reason, and after it a score."""
    score = {"type": ["integer", "null"], "minimum": 0, "maximum": TOP_SCORE}
    part = closed({"reason": {"type": "string"}, "score": score})
    return closed(dict.fromkeys(_PARTS, part))


def _marks(answer: Any) -> Marks | str:
    """English and task of an answer, or why there are none."""
    scores = [answer[part]["score"] for part in _PARTS]
    if any(score is None for score in scores):
        return "it cannot tell"
    if any(isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= TOP_SCORE for score in scores):
        return f"scores that are none: {one_line(str(scores), 80)}"
    return scores


def _agreed(found: Sequence[Marks | str], most_apart: int) -> Grade | str:
    """The median of the answers, or why there is none that could be trusted."""
    marks = [each for each in found if not isinstance(each, str)]
    if 2 * len(marks) < len(found) or not marks:
        silent = next(each for each in found if isinstance(each, str))
        return f"{len(marks)} of {len(found)} answers are grades; one is none: {silent}"
    columns = list(zip(*marks, strict=True))
    if max(_spread(column) for column in columns) > most_apart:
        return f"the answers lie apart: {', '.join(f'{english}/{task}' for english, task in marks)}"
    english, task = (int(median(column)) for column in columns)
    why = f"median of {len(marks)} answers (English/task): {', '.join(f'{e}/{t}' for e, t in marks)}"
    return Grade(english=english, task=task, score=gate()[english][task], why=why)


def _spread(scores: Sequence[int]) -> float:
    """How far the middle half lies apart; of two, both."""
    if len(scores) < 3:
        return max(scores) - min(scores)
    first, _, last = quantiles(scores, n=4, method="inclusive")
    return last - first
