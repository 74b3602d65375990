"""What may stand around a conversation or an exchange, in whatever shape that is: a system message, earlier
exchanges, declarations of tools, the record's own `meta`, and what numbers it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from data_mix.importers.base import Imported, Messages, own_meta
from data_mix.importers.parts.content import read_content, tools_of
from data_mix.importers.parts.turns import turns
from data_mix.reading.record import BadRecord

_SYSTEM = ("system", "system_prompt", "system_message", "systemInstruction", "system_instruction")
_TOOLS = ("tools", "functions")
NUMBERED = frozenset(
    (
        "id", "_id", "idx", "index", "uuid", "uid", "qid", "row_id", "conversation_id", "conv_id", "dialogue_id",
        "dialog_id", "prompt_id", "question_id", "sample_id", "example_id", "message_id", "__index_level_0__",
    )
)  # fmt: skip
"""Keys that number records, and so hold nothing that could be learned."""
_SURROUNDINGS = frozenset((*_SYSTEM, *_TOOLS, "history", "meta"))
AROUND = _SURROUNDINGS | NUMBERED


def with_surroundings(row: Imported, record: dict[str, Any]) -> Imported:
    """The row with what stands around its messages in the record. Raises BadRecord for what cannot be read."""
    if _SURROUNDINGS.isdisjoint(record):
        return row
    begins = 1 if row.messages and row.messages[0]["role"] == "system" else 0
    first, unread = row.messages[:begins], set(row.unread)
    for key in _SYSTEM:
        if record.get(key) is None:  # as nearly always
            continue
        said = read_content(record[key])
        unread |= said.unread
        if said.text.strip() and not first:
            first = [{"role": "system", "content": said.text}]
        elif said.text.strip() and said.text.strip() != first[0]["content"].strip():
            unread.add(f"{key} beside another")
    earlier, unread_there = _earlier(record.get("history"))
    return replace(
        row,
        messages=[*first, *earlier, *row.messages[begins:]],
        meta=own_meta(record) | row.meta,
        tools=_tools(record),
        unread=frozenset(unread | unread_there),
    )


def _earlier(history: Any) -> tuple[Messages, frozenset[str]]:
    """Earlier exchanges: pairs of texts, or turns."""
    if not history:
        return [], frozenset()
    if isinstance(history, list) and all(isinstance(turn, dict) for turn in history):
        return turns(history)
    messages: Messages = []
    for pair in history if isinstance(history, list) else [None]:
        if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(said, str) for said in pair)):
            raise BadRecord("bad_messages", "history must be a list of pairs of texts, a question and its answer")
        messages += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    return messages, frozenset()


def _tools(record: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Declarations of tools, those of older corpora (`functions`) in the form of today's."""
    found: list[dict[str, Any]] = []
    for key in _TOOLS:
        if record.get(key):
            declared = tools_of(record[key]) or []
            found += declared if key == "tools" else [{"type": "function", "function": each} for each in declared]
    return found or None
