"""Conversations that are lists of messages already: `messages`, and ShareGPT's `conversations`."""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, list_of, one, own_meta, shown, turns
from data_mix.record import BadRecord
from espalier.messages import CHAT_ROLES, TEXT_ROLE

_OWN = (*CHAT_ROLES, TEXT_ROLE)
_SHAREGPT = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
}


_KEYS = ("messages", "conversations", "conversation")


def from_messages(record: Any) -> Imported:
    """Messages as they are; only role and content are kept. An empty system message says nothing and is left out.

    The list is called `messages`; `conversations` and `conversation` will do too.
    """
    key = next((key for key in _KEYS if isinstance(record, dict) and key in record), "messages")
    messages = []
    for position, message in enumerate(list_of(record, key)):
        if not isinstance(message, dict) or "role" not in message or "content" not in message:
            raise BadRecord("bad_messages", f"message {position} must be an object with role and content")
        role, content = message["role"], message["content"]
        if not isinstance(role, str) or role not in _OWN:
            raise BadRecord("bad_messages", f"message {position} has the role {shown(role)}, not {' or '.join(_OWN)}")
        if role == "system" and (content is None or (isinstance(content, str) and not content.strip())):
            continue
        messages.append(message if len(message) == 2 else {"role": role, "content": content})
    return Imported(messages=messages, meta=own_meta(record))


def from_sharegpt(record: Any) -> Imported:
    """ShareGPT's `conversations` or `conversation` of `{"from", "value"}`: `human` is the user, `gpt` the assistant."""
    key = "conversation" if isinstance(record, dict) and "conversations" not in record else "conversations"
    messages = turns(list_of(record, key), role="from", content="value", roles=_SHAREGPT)
    system = record.get("system")
    if isinstance(system, str) and system.strip() and not (messages and messages[0]["role"] == "system"):
        messages.insert(0, {"role": "system", "content": system})
    return Imported(messages=messages, meta=own_meta(record))


def _is_messages(record: dict[str, Any]) -> bool:
    return "messages" in record or _first_turn_has(record, "role")


def _is_sharegpt(record: dict[str, Any]) -> bool:
    return _first_turn_has(record, "from")


def _first_turn_has(record: dict[str, Any], key: str) -> bool:
    found = record.get("conversations", record.get("conversation"))
    return isinstance(found, list) and bool(found) and isinstance(found[0], dict) and key in found[0]


MESSAGES = Importer(name="messages", looks_like=_is_messages, convert=one(from_messages))
SHAREGPT = Importer(name="sharegpt", looks_like=_is_sharegpt, convert=one(from_sharegpt))
