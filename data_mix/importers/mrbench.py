"""MRBench (Maurya et al. 2025, arXiv:2412.09416): several tutors' replies to a learner's mistake, labelled by teachers.

{"conversation_id", "conversation_history": "Tutor: …\\nStudent: …", "Data", "Split", "Topic", "Ground_Truth_Solution",
 "anno_llm_responses": {tutor: {"response", "annotation": {"Mistake_Identification": "Yes", …}}}}

The benchmark itself labels eight dimensions; the BEA 2025 shared task (Kochmar et al. 2025, arXiv:2507.10579) keeps its
replies under `tutor_responses` and labels four. The files overlap.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, join_neighbours, short, shown
from data_mix.importers.parts.keys import shown_key
from data_mix.importers.ratings import rated
from data_mix.reading.record import BadRecord
from espalier.text.ratings import PREFERRED, SCALES, missing, weighted

_REPLIES = ("tutor_responses", "anno_llm_responses")
_KNOWN = frozenset(
    (*_REPLIES, "conversation_id", "conversation_history", "Data", "Split", "Topic", "Ground_Truth_Solution")
)
_SPEAKER = re.compile(r"(?:^|\n)\s*(Tutor|Turor|Student)\s*:")  # one turn of the files has the slip
_QUESTION = re.compile(r"\bquestion is:(.*)", re.DOTALL | re.IGNORECASE)
_NONE = "Not Available"


@dataclass(frozen=True, kw_only=True, slots=True)
class Graded:
    """A tutor's reply with the teachers' verdicts on it."""

    tutor: str
    """Who wrote it."""
    reply: str
    """The reply."""
    labels: dict[str, str]
    """By column: the verdict, one of `SCALES[name].values`."""


def from_mrbench(records: list[Any]) -> list[Imported]:
    """A rated row for each tutor's reply; without a verdict on it a reply says nothing, and gives none.

    `problem` is a hash of the statement, so that dialogues about one can be held out together; `preferred` is what the
    verdicts come to (`ratings.weighted`), where all that it takes were given. The conversation begins with the
    tutor, as in the file: `leading_assistant: cut` would cut off what the problem is.
    """
    record = records[0]
    messages, answer = conversation(record)
    facts = short(
        language="en",
        dialogue=record.get("conversation_id"),
        problem=hashlib.sha256(" ".join(problem_text(messages).casefold().split()).encode()).hexdigest()[:16],
        topic="" if record.get("Topic") == _NONE else record.get("Topic"),
        answer=answer,
    )
    found = []
    for each in replies(record):
        if each.labels:
            ratings = {name: SCALES[name].values[verdict] for name, verdict in each.labels.items()}
            if not missing(ratings):
                ratings[PREFERRED] = round(weighted(ratings), 6)
            reply = [{"role": "assistant", "content": each.reply}]
            found.append(rated(messages, reply, ratings, facts | short(tutor=each.tutor)))
    return found


def conversation(record: Any) -> tuple[Messages, str]:
    """The turns before the replies, those of one speaker joined, and the worked solution, empty where there is none.

    The replies answer the last turn, so that is the learner's even where the file calls it the tutor's. Raises
    BadRecord for what is no dialogue of these files.
    """
    _replies_of(record)
    history, answer = record.get("conversation_history"), record.get("Ground_Truth_Solution", "")
    if not isinstance(history, str):
        raise BadRecord("bad_messages", "no text under conversation_history")
    lead, *parts = _SPEAKER.split(_spaces(history))
    if lead.strip() or not parts:
        raise BadRecord("bad_messages", "its conversation_history does not begin with 'Tutor:' or 'Student:'")
    speakers = ["user" if speaker == "Student" else "assistant" for speaker in parts[::2]]
    messages = join_neighbours(
        [
            {"role": role, "content": text.strip()}
            for role, text in zip([*speakers[:-1], "user"], parts[1::2], strict=True)
        ]
    )
    return messages, _spaces(answer) if isinstance(answer, str) and answer != _NONE else ""


def problem_text(messages: Messages) -> str:
    """The statement after "The question is:" in the first turn that has it; without one, all that was said."""
    for message in messages:
        if found := _QUESTION.search(message["content"]):
            return found[1].strip()
    return "\n".join(message["content"] for message in messages)


def replies(record: Any) -> Iterator[Graded]:
    """The tutors' replies in order. Raises BadRecord, which names the tutor, for what is none."""
    for tutor, entry in _replies_of(record).items():
        if not isinstance(entry, dict) or not isinstance(entry.get("response"), str):
            raise BadRecord("bad_messages", f"tutor {shown_key(tutor)}: no text under response")
        try:
            labels = _labels(entry.get("annotation"))
        except BadRecord as problem:
            raise BadRecord(problem.reason, f"tutor {shown_key(tutor)}: {problem.detail}") from None
        yield Graded(tutor=str(tutor), reply=_spaces(entry["response"]), labels=labels)


def _labels(annotation: Any) -> dict[str, str]:
    if not isinstance(annotation, dict):
        raise BadRecord("bad_ratings", "no labels under annotation")
    labels = {}
    for key, value in annotation.items():
        name = shown_key(key).lower()
        if name not in SCALES:
            raise BadRecord("bad_ratings", f"unknown dimension {shown_key(key)!r}; known: {', '.join(SCALES)}")
        # "Yes (and the answer is correct)", "Yes (but the answer is incorrect)"
        verdict = value.partition(" (")[0].strip() if isinstance(value, str) else ""
        if verdict not in SCALES[name].values:
            wanted = ", ".join(SCALES[name].values)
            raise BadRecord("bad_ratings", f"{shown_key(key)} is {shown(value)}; it is one of {wanted}")
        labels[name] = verdict
    return labels


def _replies_of(record: Any) -> dict[Any, Any]:
    for key in _REPLIES:
        if isinstance(record, dict) and isinstance(record.get(key), dict):
            return dict(record[key])
    raise BadRecord("unknown_shape", f"has neither {' nor '.join(_REPLIES)}; a dialogue of MRBench has one of them")


def _spaces(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


MRBENCH = Importer(
    name="mrbench",
    order=115,
    looks_like=lambda record: "conversation_history" in record and any(key in record for key in _REPLIES),
    convert=from_mrbench,
    keys=_KNOWN,
)
