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
from espalier.endpoints.budget import Budget
from espalier.endpoints.client import EndpointError
from espalier.endpoints.completion import Reply, read_json
from evaluation.backends.questions import Asker, Question
from evaluation.cache import Cache, key_of
from evaluation.cases.case import Messages
from evaluation.config import EvaluateConfig, endpoint_settings
from evaluation.judges.prompts import about_data
from evaluation.metrics.base import one_line
from research.bootstrap.bands import TOP_SCORE
from research.bootstrap.graders.grade import Grade, gate
from research.bootstrap.graders.grading import GraderSettings, Item

_MAX_TOKENS = 1024
"""Two reasons and scores take about 100; the rest is for models that think first."""
_PARTS = ("english", "answer")
Marks = tuple[int, int]
"""English and task, 0 to TOP_SCORE each."""


class LlmGraders:
    """Models that read the rubric, the task and the reply. Ask them by `grades` as often as wanted."""

    def __init__(self, settings: GraderSettings) -> None:
        self._settings = settings
        config = EvaluateConfig(endpoint=settings.endpoint, workers=settings.concurrency)
        self._endpoints = {reference: endpoint_settings(reference, config) for reference in settings.models}
        self._askers = {
            reference: Asker(found, Budget(settings.endpoint.budget)) for reference, found in self._endpoints.items()
        }

    @property
    def name(self) -> str:
        """Its models."""
        return ", ".join(self._settings.models)

    @property
    def identity(self) -> dict[str, Any]:
        """Models, sampling and the hash of all that they are told; how patiently they are asked changes nothing."""
        told = key_of([rubric(), _form(), _MAX_TOKENS])
        sampling = self._settings.model_dump(include={"samples", "temperature", "most_apart"})
        return {"by": "llm", "models": self._settings.models, "rubric": told, **sampling,
                "extra": self._settings.endpoint.extra}  # fmt: skip

    def grades(self, items: Sequence[Item]) -> list[Grade | str]:
        """A grade for each item, or why there is none. UserError where a budget is reached, or nobody answers."""
        prompts = [prompt(item) for item in items]
        answers = [list[Marks | str]() for _ in items]
        for reference in self._settings.models:
            for place, found in enumerate(self._ask(reference, prompts)):
                answers[place] += found
        return [_agreed(found, self._settings.most_apart) for found in answers]

    def _ask(self, reference: str, prompts: Sequence[Messages]) -> list[list[Marks | str]]:
        """Of each prompt the model's answers, or why they are none; what is kept is not asked for again."""
        asked = [(place, sample) for place in range(len(prompts)) for sample in range(self._settings.samples)]
        keys = [self._key(reference, prompts[place], sample) for place, sample in asked]
        with Cache() as cache:
            known = cache.get(keys)
            missing = [number for number, key in enumerate(keys) if key not in known]
            questions = [self._question(prompts[asked[number][0]], asked[number][1]) for number in missing]
            failed: dict[int, str] = {}
            for number, outcome in self._askers[reference].ask(questions):
                if isinstance(outcome, EndpointError):
                    failed[missing[number]] = str(outcome)  # it may answer another day: not kept
                    continue
                key = keys[missing[number]]
                known[key] = _read(outcome)
                cache.put([(key, known[key])])
        found = [list[Marks | str]() for _ in prompts]
        for number, (place, _) in enumerate(asked):
            kept = known[keys[number]] if number not in failed else failed[number]
            found[place].append(kept if isinstance(kept, str) else (kept[0], kept[1]))
        return found

    def _question(self, messages: Messages, sample: int) -> Question:
        return Question(
            messages=messages,
            max_tokens=_MAX_TOKENS,
            temperature=self._settings.temperature,
            seed=sample,
            schema=_form(),
        )

    def _key(self, reference: str, messages: Messages, sample: int) -> str:
        return key_of(["bootstrap grade", reference, self.identity["extra"], self._settings.temperature, sample,
                       messages, _form(), _MAX_TOKENS])  # fmt: skip


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
    part = _object({"reason": {"type": "string"}, "score": score})
    return _object(dict.fromkeys(_PARTS, part))


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _read(reply: Reply) -> list[int] | str:
    """English and task of an answer, or why there are none."""
    if reply.silence:
        return f"the answer is empty ({reply.silence})"
    if reply.finish == "length":
        return "the answer was too long and was cut off"
    try:
        value = read_json(reply.text)
        scores = [value[part]["score"] for part in _PARTS]
    except (ValueError, KeyError, TypeError):
        return f"no answer of the form asked for: {one_line(reply.text, 80)!r}"
    if any(score is None for score in scores):
        return "it cannot tell"
    if any(isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= TOP_SCORE for score in scores):
        return f"scores that are none: {one_line(str(scores), 80)}"
    return scores


def _agreed(answers: Sequence[Marks | str], most_apart: int) -> Grade | str:
    """The median of the answers, or why there is none that could be trusted."""
    marks = [each for each in answers if not isinstance(each, str)]
    if 2 * len(marks) < len(answers) or not marks:
        silent = next(each for each in answers if isinstance(each, str))
        return f"{len(marks)} of {len(answers)} answers are grades; one is none: {silent}"
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
