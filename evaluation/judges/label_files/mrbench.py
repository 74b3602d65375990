"""The two files of MRBench (Maurya et al. 2025, arXiv:2412.09416): a JSON list of dialogues, each with tutors' replies.

The benchmark itself keeps its replies under `anno_llm_responses` and labels eight dimensions; the BEA 2025 shared task
(Kochmar et al. 2025, arXiv:2507.10579) keeps them under `tutor_responses` and labels four. The files overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from espalier.artifacts.records import read_json
from espalier.errors import UserError
from evaluation.cases.case import Messages
from evaluation.judges.base import DIMENSIONS
from evaluation.judges.label_files.entry import Entry, say_turn

_REPLIES = ("tutor_responses", "anno_llm_responses")
_SPEAKER = re.compile(r"(?:^|\n)\s*(Tutor|Turor|Student)\s*:")  # one turn of the files has the slip


def read(path: Path) -> Iterator[Entry]:
    """The replies in order. UserError names file, dialogue and tutor of what cannot be read."""
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
            yield Entry(
                dialogue=name,
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
        say_turn(messages, role, text.strip())
    return messages


def _spaces(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")
