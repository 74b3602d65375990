"""Teachers' labels of tutor replies: the two files of MRBench (Maurya et al. 2025, arXiv:2412.09416), told by content.

The benchmark itself keeps its replies under `anno_llm_responses` and labels eight dimensions; the BEA 2025 shared task
(Kochmar et al. 2025, arXiv:2507.10579) keeps them under `tutor_responses` and labels four. The files overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

from espalier.artifacts.records import read_json
from espalier.command_line.console import say
from espalier.errors import UserError
from evaluation.cases.case import Messages
from evaluation.judges.base import DIMENSIONS
from evaluation.metrics.words import words

_REPLIES = ("tutor_responses", "anno_llm_responses")
_SPEAKER = re.compile(r"(?:^|\n)\s*(Tutor|Turor|Student)\s*:")  # one turn of the files has the slip
_QUESTION = re.compile(r"\bquestion is:(.*)", re.DOTALL | re.IGNORECASE)
_SAME_PROBLEM = 0.25
"""Jaccard similarity of word pairs from which two statements, or two dialogues without one, are of one problem."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """A tutor's reply with teachers' verdicts on it."""

    dialogue: str
    """The dialogue it ends: the name that the first file gives it. One text has one name."""
    problem: str
    """The problem the dialogue is about: the name of its first dialogue. Dialogues of one problem share it."""
    tutor: str
    """Who wrote the reply: a model's name, `Expert` or `Novice`."""
    messages: Messages
    """The conversation up to the reply; the last role is user."""
    reply: str
    """The reply."""
    answer: str
    """The worked solution, or empty where the file has none."""
    labels: dict[str, str]
    """By dimension: the verdict, one of `DIMENSIONS[name].values`."""


def read_labels(paths: Sequence[Path]) -> list[Labelled]:
    """The labelled replies of all files, in order; a reply that stands in two is one, with the labels of both.

    Where two verdicts on it differ, the first stands, and how many do is said. UserError names file, dialogue and
    tutor of what cannot be read.
    """
    found: dict[tuple[str, str, str], Labelled] = {}
    names: dict[str, str] = {}
    differing = 0
    for path in paths:
        for each in read_file(path):
            dialogue = names.setdefault(_plain(" ".join(m["content"] for m in each.messages)), each.dialogue)
            key = dialogue, each.tutor, _plain(each.reply)
            first = found.get(key)
            labels = each.labels
            if first is not None:
                differing += sum(first.labels.get(name, value) != value for name, value in labels.items())
                labels = labels | first.labels
            found[key] = Labelled(
                dialogue=dialogue,
                problem="",
                tutor=each.tutor,
                messages=each.messages,
                reply=first.reply if first else each.reply,
                answer=(first.answer if first else "") or each.answer,
                labels=labels,
            )
    if differing:
        say(f"labels: {differing} verdicts differ where a reply is labelled twice; the first ones stand")
    if not found:
        raise UserError(f"no labelled replies in {', '.join(map(str, paths))}; name a file of MRBench")
    return _with_problems(list(found.values()))


def read_file(path: Path) -> Iterator[Labelled]:
    """One file's replies as they stand there, without problems; UserError as in `read_labels`."""
    rows = read_json(path)
    if not isinstance(rows, list):
        raise UserError(f"{path}: no list of dialogues; a label file of MRBench is one")
    for number, row in enumerate(rows, start=1):
        where = f"{path}: dialogue {number}"
        key = next((key for key in _REPLIES if isinstance(row, dict) and isinstance(row.get(key), dict)), None)
        if key is None:
            raise UserError(f"{where}: has neither {' nor '.join(_REPLIES)}; a label file of MRBench has one of them")
        name, answer = str(row.get("conversation_id", number)), row.get("Ground_Truth_Solution", "")
        messages = _messages(row.get("conversation_history"), where)
        for tutor, entry in row[key].items():
            at = f"{where} ({name}), tutor {tutor}"
            if not isinstance(entry, dict) or not isinstance(entry.get("response"), str):
                raise UserError(f"{at}: no text under response")
            yield Labelled(
                dialogue=name,
                problem="",
                tutor=tutor,
                messages=messages,
                reply=_spaces(entry["response"]),
                answer="" if answer == "Not Available" else _spaces(str(answer)),
                labels=_labels(entry.get("annotation"), at),
            )


def _labels(annotation: Any, where: str) -> dict[str, str]:
    if not isinstance(annotation, dict):
        raise UserError(f"{where}: no labels under annotation")
    labels = {}
    for key, value in annotation.items():
        dimension = DIMENSIONS.get(key.lower())
        if dimension is None:
            raise UserError(f"{where}: unknown dimension {key!r}; known: {', '.join(DIMENSIONS)}")
        # "Yes (and the answer is correct)", "Yes (but the answer is incorrect)"
        verdict = str(value).partition(" (")[0].strip()
        if verdict not in dimension.values:
            raise UserError(f"{where}: {key} is {value!r}; it is one of {', '.join(dimension.values)}")
        labels[dimension.name] = verdict
    return labels


def _messages(history: Any, where: str) -> Messages:
    """The turns of "Tutor: … \\n Student: …", turns of one speaker joined.

    The reply answers the last turn, so that is the learner's even where the file calls it the tutor's.
    """
    if not isinstance(history, str):
        raise UserError(f"{where}: no text under conversation_history")
    lead, *parts = _SPEAKER.split(_spaces(history))
    if lead.strip() or not parts:
        raise UserError(f"{where}: its conversation_history does not begin with 'Tutor:' or 'Student:'")
    speakers = ["user" if speaker == "Student" else "assistant" for speaker in parts[::2]]
    messages: Messages = []
    for role, text in zip([*speakers[:-1], "user"], parts[1::2], strict=True):
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += "\n" + text.strip()
        else:
            messages.append({"role": role, "content": text.strip()})
    return messages


def _spaces(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _with_problems(replies: list[Labelled]) -> list[Labelled]:
    """The replies with their problems: dialogues of like statements, or like as a whole, are joined (union-find)."""
    dialogues = {each.dialogue: each.messages for each in replies}
    parent = {name: name for name in dialogues}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    for one, other in combinations(dialogues, 2):
        if same_problem(dialogues[one], dialogues[other]):
            parent[root(other)] = root(one)
    return [
        Labelled(
            dialogue=each.dialogue,
            problem=root(each.dialogue),
            tutor=each.tutor,
            messages=each.messages,
            reply=each.reply,
            answer=each.answer,
            labels=each.labels,
        )
        for each in replies
    ]


def same_problem(one: Messages, other: Messages) -> bool:
    """Whether two conversations are about one problem: their statements, or all that was said, are near duplicates."""
    first, second = (_word_pairs(problem_text(messages)) for messages in (one, other))
    return len(first & second) >= _SAME_PROBLEM * len(first | second) > 0


def problem_text(messages: Messages) -> str:
    """The statement after "The question is:" in the first turn that has it; without one, all that was said."""
    for message in messages:
        if found := _QUESTION.search(message["content"]):
            return found[1].strip()
    return "\n".join(message["content"] for message in messages)


@lru_cache(maxsize=4096)
def _word_pairs(text: str) -> frozenset[tuple[str, str]]:
    found = words(text)
    return frozenset(zip(["", *found], [*found, ""], strict=True))
