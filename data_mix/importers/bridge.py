"""Bridge (Wang et al. 2024): a novice tutor's reply to a pupil's mistake, written anew by an experienced teacher.

{"c_h": [{"user": "tutor" or "student", "text"}, …], "c_r": […], "c_r_": […],
 "lesson_topic", "e": the mistake, "z_what": what the reply does, "z_why": what for}
"""

from __future__ import annotations

import re
from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, join_neighbours, list_of, one, short
from data_mix.importers.parts.turns import NUMBERS, turns
from data_mix.reading.record import BadRecord

_KNOWN = frozenset(("c_id", "c_h", "c_r", "c_r_", "c_revision", "lesson_topic", "e", "z_what", "z_why"))
"""`c_revision` says what the expert changed in the novice's reply."""
_KNOWN_OF_TURNS = NUMBERS | {"time", "is_revised"}
_CODE = re.compile(r"\s*\d+\.\d+\w?\.")
"""Of a curriculum's topic: `3.6D.Decomposing Figures`."""


def from_bridge(record: Any) -> Imported:
    """What was said, and the expert's reply `c_r_` in place of the novice's `c_r`, which is not used.

    The piece is cut out of a lesson and mostly begins with the tutor. Those first turns would be cut off, as no chat
    begins with the assistant, and the pupil's "4 m" would be left without its question: so they go to a system
    message, with the lesson's topic.
    """
    said, unread = _spoken(record, "c_h")
    replied, unread_there = _spoken(record, "c_r_")
    if not said or said[-1]["role"] != "user":
        raise BadRecord("bad_messages", "c_h does not end with something that the student says")
    if not replied or any(message["role"] != "assistant" for message in replied):
        raise BadRecord("bad_messages", "c_r_ must be what the tutor says, and nothing else")
    first = next(at for at, message in enumerate(said) if message["role"] == "user")
    messages: Messages = []
    if context := _context(record, said[:first]):
        messages.append({"role": "system", "content": context})
    messages += join_neighbours([*said[first:], *replied])
    meta = short(
        language="en",
        topic=_label(record, "lesson_topic"),
        error=_label(record, "e"),
        strategy=_label(record, "z_what"),
        intention=_label(record, "z_why"),
    )
    return Imported(messages=messages, meta=meta, unread=unread | unread_there)


def _spoken(record: Any, key: str) -> tuple[Messages, frozenset[str]]:
    found, unread = turns(list_of(record, key), role="user", content="text", known=_KNOWN_OF_TURNS)
    # An empty turn stands for something that was drawn on the whiteboard.
    return [turn | {"content": turn["content"].strip()} for turn in found if turn["content"].strip()], unread


def _context(record: dict[str, Any], before: Messages) -> str:
    topic = _CODE.sub("", _label(record, "lesson_topic"), count=1)
    parts = [f"The lesson: {topic}"] if topic else []
    if before:
        parts.append("\n".join(["The tutor has just said:", *(turn["content"] for turn in before)]))
    return "\n\n".join(parts)


def _label(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return value.strip() if isinstance(value, str) else ""


BRIDGE = Importer(
    name="bridge",
    order=120,
    looks_like=lambda record: "c_h" in record and "c_r_" in record,
    convert=one(from_bridge),
    keys=_KNOWN,
)
