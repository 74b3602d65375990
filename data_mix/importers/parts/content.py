"""What one turn says: a text, or a list of parts, of which texts, thoughts and calls of tools are read.

    "Hello."
    [{"type": "text", "text": "Hello."}, …]      also `value` for `text`, `input_text`, `output_text`, bare strings
    [{"type": "thinking", "thinking": …}]        thoughts
    [{"type": "tool_use", "name", "input"}]      a call; `tool_result` is what the tool answered

A part of another kind (a picture, a sound) is left unread, and named.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from data_mix.importers.base import check_json, shown
from data_mix.importers.parts.keys import shown_key
from data_mix.reading.record import BadRecord
from espalier.text.messages import normal_tool_calls

_TEXTS = ("text", "input_text", "output_text", "refusal", "markdown")
_THOUGHTS = ("thinking", "reasoning", "reasoning_text", "thought", "thoughts")
_CALLS = ("tool_use", "tool_call", "tool_calls", "function_call")
_RESULTS = ("tool_result", "tool_response", "function_response")
_WORDS = ("text", "value", "content", "refusal", *_THOUGHTS, "summary")
"""Under which keys a part holds its words, the first that is there."""
_SIGNED = {"type", "signature", "cache_control", "annotations", "citations", "id", "index", "logprobs"}
"""Keys of parts that say nothing that could be learned."""


@dataclass(slots=True)
class Content:
    """What a turn says."""

    text: str = ""
    reasoning: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    """What tools answered, where a turn of the user's holds that."""
    unread: set[str] = field(default_factory=set)
    """Kinds of parts that are not read, as `parts.KIND`."""


def read_content(value: Any) -> Content:
    """What stands where a text is expected. Raises BadRecord, naming the type, for what is neither text nor parts."""
    if value is None:
        return Content()
    if isinstance(value, str):
        return Content(text=value)
    if isinstance(value, dict) and ("type" in value or "parts" in value or "text" in value):
        value = value["parts"] if isinstance(value.get("parts"), list) else [value]
    if not isinstance(value, list):
        raise BadRecord("bad_messages", f"must say a text, not {type(value).__name__}")
    found = Content()
    for part in value:
        _add(found, part)
    return found


def words(value: Any) -> str:
    """All text in a text, a part, or a list of parts; none in anything else."""
    for _ in range(8):  # parts within parts, as thoughts have them, and no deeper
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            break
        if not isinstance(value, dict):
            return ""
        value = next((value[key] for key in _WORDS if value.get(key)), "")
    return "".join(words(part) for part in value if isinstance(part, str | dict)) if isinstance(value, list) else ""


def calls_of(value: Any) -> list[dict[str, Any]]:
    """Calls of tools in their normal form: objects, or JSON that holds them. Raises BadRecord."""
    try:
        calls = normal_tool_calls(_from_json(value))
    except (ValueError, RecursionError) as error:
        raise BadRecord("bad_tool_calls", f"has tool calls that cannot be read: {error}") from None
    check_json(calls, "bad_tool_calls", "its tool calls")
    return calls


def tools_of(value: Any) -> list[dict[str, Any]] | None:
    """Declarations of tools: objects, or JSON that holds them; None for an empty list. Raises BadRecord."""
    try:
        found = _from_json(value)
        found = [_from_json(tool) for tool in ([found] if isinstance(found, dict) else found)]
    except (ValueError, TypeError, RecursionError):
        found = [None]
    if not all(isinstance(tool, dict) for tool in found):
        raise BadRecord("bad_tools", "tools must be a list of objects that declare them, or JSON of such a list")
    check_json(found, "bad_tools", "tools")
    if not _is_utf8(found):
        raise BadRecord("bad_tools", "tools hold half characters that are no UTF-8")
    return found or None


def _is_utf8(value: Any) -> bool:
    try:
        return bool(json.dumps(value, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return False


def _from_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError(f"{shown(value)} is no JSON") from None


def _add(found: Content, part: Any) -> None:
    if isinstance(part, str):
        found.text += part
        return
    if not isinstance(part, dict):
        raise BadRecord("bad_messages", f"has a part that is {type(part).__name__}, and no text")
    given = {key: value for key, value in part.items() if value is not None}
    kind = given.get("type") or next(("text" for key in ("text", "value") if key in given), None)
    if kind is None:
        kind = next((key for key in given if key not in _SIGNED), None)
    if kind is None:
        return  # nothing stands in it
    if not isinstance(kind, str):
        raise BadRecord("bad_messages", f"has a part whose type is {type(kind).__name__}, and no name")
    if kind in _TEXTS:
        found.text += _text_of(given, kind)
        found.unread.update(f"turns.{shown_key(key)}" for key in given if key not in _SIGNED and key not in _WORDS)
    elif kind in _THOUGHTS:
        found.reasoning += words({key: value for key, value in given.items() if key != "type"})
    elif kind in _CALLS:
        found.calls += calls_of(_call(given))
    elif kind in _RESULTS:
        found.results.append(_result(given))
    else:
        found.unread.add(f"parts.{shown_key(kind)}")


def _text_of(part: dict[str, Any], kind: str) -> str:
    text = next((part[key] for key in _WORDS if key in part), None)
    if not isinstance(text, str):
        raise BadRecord("bad_messages", f"has a part of type {kind} whose text is {type(text).__name__}")
    return text


def _call(part: dict[str, Any]) -> Any:
    """The call in a part, as `normal_tool_calls` knows it."""
    if "name" in part and "input" in part:
        return {"id": part.get("id"), "name": part["name"], "arguments": part["input"]}
    return next((part[key] for key in ("function", "tool_call", "function_call", "value") if key in part), part)


def _result(part: dict[str, Any]) -> str:
    inner = next((part[key] for key in ("content", "text", "value", "output", "response") if key in part), None)
    return read_content(inner).text if isinstance(inner, str | list) else ""
