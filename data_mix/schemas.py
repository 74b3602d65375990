"""Records of known shapes to messages. Each converter is a pure function that raises BadRecord for what it cannot use.

    messages   {"messages": [{"role", "content"}, …]}, roles system, user, assistant
    alpaca     {"instruction", "input"?, "output" or "response"}
    oasst      a message tree {"prompt": {"text", "role", "replies": […]}}, or its root message alone
    text       {"text": "…"}, or a piece of a plain text file

To add a shape: a converter, an entry in `CONVERTERS`, a rule in `detect`, and its name in `recipe.Source.format`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from data_mix.sources import BadRecord
from espalier.rows import TEXT_ROLE, check_messages

Messages = list[dict[str, str]]


def convert(value: Any, format: str = "auto") -> tuple[str, Messages, dict[str, Any]]:
    """The format that was used, the messages, and the record's own `meta`.

    Raises BadRecord when the record is not of the format, is malformed, or has nothing that could be trained on.
    """
    if not isinstance(value, dict | str):
        raise BadRecord("not_object", f"a {type(value).__name__} where an object of keys and values is wanted")
    name = detect(value) if format == "auto" else format
    messages = CONVERTERS[name](value)
    try:
        check_messages(messages)
    except ValueError as error:
        raise BadRecord("bad_messages", str(error)) from None
    if messages[0]["role"] != TEXT_ROLE and all(message["role"] != "assistant" for message in messages):
        raise BadRecord("no_assistant_turn", "the row has no assistant turn, so there is nothing to learn from it")
    return name, messages, _meta(value)


def detect(value: dict[str, Any] | str) -> str:
    """The format of a record, told from its keys. Raises BadRecord when it is none that is known."""
    if isinstance(value, str):
        return "text"
    if "messages" in value:
        return "messages"
    if "instruction" in value and ("output" in value or "response" in value):
        return "alpaca"
    if isinstance(value.get("prompt"), dict) or value.get("role") == "prompter":
        return "oasst"
    if "text" in value:
        return "text"
    keys = ", ".join(str(key)[:30] for key in list(value)[:8]) or "none"
    raise BadRecord("unknown_shape", f"of no known shape (its keys: {keys}); known are {', '.join(CONVERTERS)}")


def from_messages(value: Any) -> Messages:
    """Messages as they are; only role and content are kept. An empty system message says nothing and is left out."""
    found = _field(value, "messages", list)
    messages = []
    for position, message in enumerate(found):
        if not isinstance(message, dict) or not {"role", "content"} <= message.keys():
            raise BadRecord("bad_messages", f"message {position} must be an object with role and content")
        if message["role"] == "system" and message["content"] in ("", None):
            continue
        messages.append({"role": message["role"], "content": message["content"]})
    return messages


def from_alpaca(value: Any) -> Messages:
    """One question, its input below it after a blank line, and one answer."""
    instruction = _field(value, "instruction", str)
    given = value.get("input")
    if given is not None and not isinstance(given, str):
        raise BadRecord("bad_messages", f"input must be a text, not {type(given).__name__}")
    question = f"{instruction}\n\n{given}" if given and given.strip() else instruction
    answer = _field(value, "output" if "output" in value else "response", str)
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def from_oasst(value: Any) -> Messages:
    """The best conversation of a tree: from the root, always the reply that people ranked best (rank 0), as long as
    the conversation goes on, and up to its last assistant turn.

    Among replies without a rank those that were answered go first, then the order of the file. Replies that are
    deleted or failed review are not followed.
    """
    node = value.get("prompt", value) if isinstance(value, dict) else value
    messages: Messages = []
    while node is not None:
        role = {"prompter": "user", "assistant": "assistant"}.get(str(_field(node, "role", str)))
        if role is None:
            raise BadRecord("bad_messages", f"a message of the tree has the role {node['role']!r}")
        messages.append({"role": role, "content": _field(node, "text", str)})
        replies = node.get("replies") or []
        if not isinstance(replies, list) or not all(isinstance(reply, dict) for reply in replies):
            raise BadRecord("bad_messages", "replies must be a list of messages")
        fit = [reply for reply in replies if not reply.get("deleted") and reply.get("review_result") is not False]
        node = min(fit, key=_preference, default=None)
    while messages and messages[-1]["role"] == "user":
        messages.pop()
    if not messages:
        raise BadRecord("no_assistant_turn", "nobody has answered the tree's prompt")
    return messages


def from_text(value: Any) -> Messages:
    """A text without chat roles."""
    return [{"role": TEXT_ROLE, "content": value if isinstance(value, str) else _field(value, "text", str)}]


CONVERTERS: dict[str, Callable[[Any], Messages]] = {
    "messages": from_messages,
    "alpaca": from_alpaca,
    "oasst": from_oasst,
    "text": from_text,
}


def _preference(reply: dict[str, Any]) -> tuple[float, bool]:
    rank = reply.get("rank")
    ranked = isinstance(rank, int | float) and not isinstance(rank, bool)
    return (float(rank) if ranked and rank is not None else math.inf, not reply.get("replies"))


def _field(value: Any, key: str, kind: type) -> Any:
    if not isinstance(value, dict) or key not in value:
        raise BadRecord("unknown_shape", f"the key {key} is missing")
    if not isinstance(value[key], kind):
        wanted = "a list" if kind is list else "a text"
        raise BadRecord("bad_messages", f"{key} must be {wanted}, not {type(value[key]).__name__}")
    return value[key]


def _meta(value: Any) -> dict[str, Any]:
    """The record's own `meta`, where it has one that a row can carry."""
    meta = value.get("meta") if isinstance(value, dict) else None
    if not isinstance(meta, dict):
        return {}
    try:
        json.dumps(meta, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRecord("bad_meta", f"meta cannot be kept as JSON ({error})") from None
    return meta
