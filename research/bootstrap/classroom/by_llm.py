"""Tutor and Sophie as a model behind an OpenAI-compatible endpoint.

What is asked is still drawn from the grammar, which knows what a good answer holds; the model says it in its own words,
with what is said after the pupil's turn. Its words are taken where the truth of the task stands in them: the words that
a pupil has to hear, none that give the answer away, and an answer that the rules' grader finds good. Otherwise the
grammar's stand, and are counted with the reason. That no combination of an examination stands in a model's own words
is not known: nobody parses them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from espalier.command_line import yaml_text
from espalier.command_line.config import Config
from espalier.errors import UserError
from evaluation.backends.questions import Question
from evaluation.cache import key_of
from evaluation.config import EndpointOptions
from evaluation.judges.prompts import about_data
from research.bootstrap.answers import MAX_TOKENS, answers, asker_of, closed
from research.bootstrap.bands import GOOD
from research.bootstrap.classroom.asking import SPEAKERS, Ask, Episode, Line
from research.bootstrap.classroom.play import Reactions, Task, reactions
from research.bootstrap.graders.grade import grade

_LONGEST = 200
"""Characters of a line."""
_AFTER = ("praise", "again", "told")
Answer = dict[str, Any]


class TutorSettings(Config):
    """Who speaks as tutor and Sophie."""

    model: str | None = None
    """openai:NAME@URL; null for the grammar."""
    temperature: float = Field(0.8, ge=0)
    """Of what it says."""
    endpoint: EndpointOptions = EndpointOptions()
    """How it is asked, and what may be spent on it."""
    concurrency: int = Field(4, ge=1, le=256)
    """Questions that it gets at once."""

    @property
    def identity(self) -> dict[str, Any]:
        """What decides its words; how patiently it is asked changes none."""
        told = key_of([_told(), _form(), MAX_TOKENS]) if self.model else None
        return {**self.model_dump(include={"model", "temperature"}), "extra": self.endpoint.extra, "told": told}


def reworded(
    sessions: Sequence[Sequence[Task]], settings: TutorSettings, seed: str
) -> tuple[list[list[Task]], Counter[str]]:
    """The tasks of sessions in the model's words, and of how many turns the grammar's words stand, by reason.

    UserError where a budget is reached, nobody answers, or nothing of what is answered can be taken.
    """
    asks = [ask for tasks in sessions for task in tasks for ask in task.episode.asks]
    words = [_words(task.episode) for tasks in sessions for task in tasks for _ in task.episode.asks]
    found = _answered([_prompt(*pair) for pair in zip(asks, words, strict=True)], settings, seed)
    refused: Counter[str] = Counter()
    said = list[tuple[Ask, Reactions]]()
    for ask, about, answer in zip(asks, words, found, strict=True):
        taken = _taken(ask, about, answer)
        if isinstance(taken, str):
            refused[taken] += 1
        said.append((ask, reactions()) if isinstance(taken, str) else taken)
    if asks and refused.total() == len(asks):
        (why, number), *_ = refused.most_common(1)
        raise UserError(
            f"tutor.model {settings.model}: none of {len(asks):,} answers can be taken; {number:,} times: {why}"
        )
    turns = iter(said)
    return [[_with(task, turns) for task in tasks] for tasks in sessions], refused


def _words(episode: Episode) -> tuple[str, ...]:
    """The words that a task is about."""
    return tuple(dict.fromkeys(word for combination in episode.about for word in combination))


def _with(task: Task, turns: Iterator[tuple[Ask, Reactions]]) -> Task:
    pairs = [next(turns) for _ in task.episode.asks]
    episode = replace(task.episode, asks=tuple(ask for ask, _ in pairs))
    return replace(task, episode=episode, reactions=tuple(said for _, said in pairs))


def _answered(prompts: Sequence[list[dict[str, str]]], settings: TutorSettings, seed: str) -> list[Answer | str]:
    """What the model answers to each, or why there is nothing."""
    assert settings.model is not None
    seeds = [int(hashlib.sha256(f"{seed}/{place}".encode()).hexdigest()[:7], 16) for place in range(len(prompts))]
    questions = [
        Question(
            messages=messages, max_tokens=MAX_TOKENS, temperature=settings.temperature, seed=drawn_by, schema=_form()
        )
        for messages, drawn_by in zip(prompts, seeds, strict=True)
    ]
    keys = [key_of(["tutor", settings.identity, *pair]) for pair in zip(prompts, seeds, strict=True)]
    return answers(asker_of(settings.model, settings.endpoint, settings.concurrency), questions, keys, _answer)


def _taken(ask: Ask, about: Sequence[str], answer: Answer | str) -> tuple[Ask, Reactions] | str:
    """A turn in the model's words and what is said after it, or why the grammar's stand."""
    if isinstance(answer, str):
        return answer
    said = [*(text for _, text in answer["lines"]), answer["answer"], *(answer[part] for part in _AFTER)]
    if any(not text or len(text) > _LONGEST or "\n" in text or set(text) & set("{}") for text in said):
        return "a line that is none, too long or of several lines"
    if any(text.startswith(tuple(f"{speaker}:" for speaker in SPEAKERS)) for text in said):
        return "a speaker's name within a line"
    if [speaker for speaker, _ in answer["lines"]] != [line.speaker for line in ask.lines]:
        return "other lines or speakers than were asked for"
    keep, leave_out = _truth(ask, about)
    heard = " ".join(text for _, text in answer["lines"])
    if not all(_stands(word, heard) for word in keep):
        return "a word that has to be heard is missing"
    if any(_stands(word, f"{heard} {answer['again']} {answer['praise']}") for word in leave_out):
        return "the answer is given away"
    lines = tuple(Line(speaker=speaker, text=text) for speaker, text in answer["lines"])
    if grade(ask.want, ask.band, answer["answer"], True, lines).score < GOOD:
        return "its own answer is not good"
    if answer["answer"] not in answer["told"]:
        return "what it tells is not its answer"
    after = {**reactions(), **{part: (answer[part],) for part in _AFTER}}
    return replace(ask, lines=lines, model=answer["answer"]), after


def _truth(ask: Ask, about: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of the words that the task is about: those that the pupil hears, and those that it has to find."""
    wanted = [choice for point in ask.want.points for choice in point]
    words = dict.fromkeys([*about, *wanted, *ask.want.wrong, *ask.want.exactly])
    heard = " ".join(line.text for line in ask.lines)
    keep = [word for word in words if word and _stands(word, heard)]
    found = dict.fromkeys([*wanted, *ask.want.exactly])
    return keep, [word for word in found if word and word not in keep]


def _stands(word: str, text: str) -> bool:
    """Whether a word or phrase stands in a text, whole and in any case."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


def _prompt(ask: Ask, about: Sequence[str]) -> list[dict[str, str]]:
    keep, leave_out = _truth(ask, about)
    data = {
        "lines": [{"speaker": line.speaker, "text": line.text} for line in ask.lines],
        "a good answer": ask.model,
        "keep": keep,
        "leave out": leave_out,
    }
    return about_data(_told()["task"], _told()["parts"], data, "the lines and a good answer to them", _form())


@cache
def _told() -> Mapping[str, Any]:
    path = Path(__file__).with_suffix(".yaml")
    found: dict[str, Any] = yaml_text.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def _form() -> dict[str, Any]:
    """JSON schema of an answer."""
    line = closed({"speaker": {"type": "string"}, "text": {"type": "string"}})
    texts: dict[str, Any] = {part: {"type": "string"} for part in ("answer", *_AFTER)}
    return closed({"lines": {"type": "array", "items": line}, **texts})


def _answer(value: Any) -> Answer:
    lines = [(str(line["speaker"]).strip(), str(line["text"]).strip()) for line in value["lines"]]
    return {"lines": lines, **{part: str(value[part]).strip() for part in ("answer", *_AFTER)}}
