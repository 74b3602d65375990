"""Conversations that are lists of turns already: `messages`, ShareGPT's `conversations`, or however called."""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, list_of, one
from data_mix.importers.parts.around import AROUND, with_surroundings
from data_mix.importers.parts.exchanges import exchange_in
from data_mix.importers.parts.speakers import role_of
from data_mix.importers.parts.turns import CONTENT_KEYS, ROLE_KEYS, TEXTS_TOO, next_key, turns
from data_mix.reading.record import BadRecord

LISTS = (
    "messages", "conversations", "conversation", "dialogue", "dialog", "turns", "utterances", "chat", "items",
    "contents",
)  # fmt: skip
_SURE = ("messages", "conversations", "conversation")
"""What lies under these is a conversation, whoever speaks; what lies under others is one if the speakers are known."""
_NAMES = frozenset(LISTS)


def from_messages(record: Any) -> Imported:
    """A list of turns (`turns`), the first that the record has. A system message that stands beside it comes first,
    unless the conversation begins with its own."""
    held = [*_NAMES.intersection(record)]
    if len(held) > 1:
        held = [key for key in LISTS if record.get(key)]
    messages, unread = turns(list_of(record, held[0] if held else "messages"), speakers=TEXTS_TOO)
    row = Imported(messages=messages, unread=unread.union(held[1:]) if len(held) > 1 else unread)
    return row if len(record) == 1 else with_surroundings(row, record)


def _is_messages(record: dict[str, Any]) -> bool:
    return bool(record.get("messages")) or _told_by(record, ("role",))


def _is_sharegpt(record: dict[str, Any]) -> bool:
    return _told_by(record, ROLE_KEYS)


def _told_by(record: dict[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether one of the keys names the speaker of the first turn of a conversation."""
    names = _NAMES.intersection(record)
    for name in names if len(names) < 2 else [name for name in LISTS if name in names]:
        found = record[name]
        first = found[0] if isinstance(found, list) and found else None
        if isinstance(first, dict):
            role = next_key(keys, first)
            if role is None:
                if keys is ROLE_KEYS and exchange_in(first):
                    return True
            elif name in _SURE or (_is_known(first[role]) and next_key(CONTENT_KEYS, first)):
                return True
    return False


def _is_known(speaker: Any) -> bool:
    try:
        return bool(role_of(speaker))
    except BadRecord:
        return False


MESSAGES = Importer(
    name="messages", order=60, looks_like=_is_messages, convert=one(from_messages), keys=_NAMES | AROUND
)
SHAREGPT = Importer(
    name="sharegpt", order=80, looks_like=_is_sharegpt, convert=one(from_messages), keys=_NAMES | AROUND
)
