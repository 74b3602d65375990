"""What a message is: who says what, and, where a corpus tells, how much it counts, what was thought, which tool called.

{"role", "content"}                        what every message has; several with the role text are pieces of one text
weight      number of at least 0           multiplies the loss of the turn; absent is 1, and 0 trains nothing of it
reasoning   text                           what an assistant thought before the reply that is seen
tool_calls  list of {"type": "function", "function": {"name", "arguments"}}, `id` where there is one
                                           what an assistant called; its content may then be empty
"""

from __future__ import annotations

import json
import math
from typing import Any

Message = dict[str, Any]

CHAT_ROLES = ("system", "user", "assistant", "tool")
TEXT_ROLE = "text"
OPTIONAL = ("weight", "reasoning", "tool_calls")
"""Keys of a message that are absent where they say nothing."""


def check_messages(messages: object) -> None:
    """Raises ValueError unless ``messages`` is a well-formed list of messages, as this module's docstring says."""
    if _is_plain(messages):
        return
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages must be a non-empty list")
    for position, message in enumerate(messages):
        try:
            _check(message)
        except ValueError as error:
            raise ValueError(f"message {position} {error}") from None
        if (message["role"] == TEXT_ROLE) != (messages[0]["role"] == TEXT_ROLE):
            raise ValueError("a text has no chat roles: all its messages are pieces of it, with the role text")


def weight_of(message: Message) -> float:
    """What the loss of a message's tokens is multiplied by, if it is trained at all."""
    return float(message.get("weight", 1.0))


def is_learned(message: Message) -> bool:
    """Whether a message is something to learn: an assistant's turn or a text, and not one of weight 0."""
    return message["role"] in ("assistant", TEXT_ROLE) and message.get("weight", 1.0) > 0


def normal_tool_calls(calls: object) -> list[dict[str, Any]]:
    """Calls in the one form that templates expect: `arguments` an object, whether it was one, JSON text, or absent.

    Takes OpenAI's list, a bare `{"name", "arguments"}`, or a list of those. Raises ValueError for anything else.
    """
    found = [calls] if isinstance(calls, dict) else calls
    if not isinstance(found, list) or not found:
        raise ValueError("tool_calls must be a non-empty list of calls")
    return [_normal_call(call) for call in found]


def _normal_call(call: Any) -> dict[str, Any]:
    function = call.get("function", call) if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        raise ValueError("a tool call must be an object with a name and arguments")
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            raise ValueError("the arguments of a tool call are no JSON") from None
    if arguments is not None and not isinstance(arguments, dict):
        raise ValueError(f"the arguments of a tool call must be an object, not {type(arguments).__name__}")
    named = {"id": call["id"]} if isinstance(call.get("id"), str) else {}
    return named | {"type": "function", "function": {"name": function["name"], "arguments": arguments or {}}}


def _check(message: Any) -> None:
    if not isinstance(message, dict) or not {"role", "content"} <= message.keys() <= {"role", "content", *OPTIONAL}:
        raise ValueError(f"must have the keys role and content, and of others only {', '.join(OPTIONAL)}")
    role, content = message["role"], message["content"]
    if role not in CHAT_ROLES and role != TEXT_ROLE:
        raise ValueError(f"has the role {role!r}; known are {', '.join((*CHAT_ROLES, TEXT_ROLE))}")
    if "weight" in message:
        weight = message["weight"]
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not (is_number and math.isfinite(weight) and weight >= 0):
            raise ValueError(f"({role}) has the weight {weight!r}, which is no number of at least 0")
    if ("reasoning" in message or "tool_calls" in message) and role != "assistant":
        raise ValueError(f"({role}) has reasoning or tool_calls, which only an assistant has")
    if "tool_calls" in message and normal_tool_calls(message["tool_calls"]) != message["tool_calls"]:
        raise ValueError(f"({role}) has tool_calls that are not in their normal form")
    if not isinstance(content, str) or not (content.strip() or "tool_calls" in message):
        raise ValueError(f"({role}) has no content")
    for text in (content, message.get("reasoning", "x"), _json_or_nothing(message.get("tool_calls"))):
        _check_text(text, role)


def _check_text(text: object, role: str) -> None:
    if not isinstance(text, str):
        raise ValueError(f"({role}) has reasoning that is no text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"({role}) holds bytes or half characters that are no UTF-8") from None
    if "\0" in text:
        raise ValueError(f"({role}) holds a NUL character")


def _json_or_nothing(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _is_plain(messages: object) -> bool:
    """Whether messages are well-formed beyond doubt, as nearly all are: told much faster than why they are not."""
    if type(messages) is not list or not messages:
        return False
    try:
        contents = [message["content"] for message in messages]
        if not all(len(message) == 2 and message["role"] in CHAT_ROLES for message in messages):
            return False
        whole = "\n".join(contents)
        whole.encode()
    except (TypeError, KeyError, UnicodeEncodeError):
        return False
    return "\0" not in whole and not any(map(str.isspace, contents)) and all(contents)
