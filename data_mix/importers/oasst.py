"""OpenAssistant's message trees: objects with `prompt`, root messages with their `replies`, or, as on the hub, one
record for each message, which names the message it answers (`parent_id`)."""

from __future__ import annotations

import math
from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, language_of, short, shown, text_of
from data_mix.importers.parts.speakers import role_of
from data_mix.reading.record import BadRecord

_KNOWN = frozenset(
    (
        "message_tree_id", "tree_state", "prompt", "message_id", "parent_id", "user_id", "created_date", "text", "role",
        "lang", "review_count", "review_result", "deleted", "rank", "synthetic", "model_name", "detoxify", "emojis",
        "labels", "events", "replies",
    )
)  # fmt: skip
_ROLES = ("user", "assistant")


def from_oasst(record: Any) -> Imported:
    """The best conversation of a tree: from the root, always the reply that people ranked best (rank 0), as long as
    the conversation goes on, and up to its last assistant turn.

    Among replies without a rank those that were answered go first, then the order of the file. Replies that are
    deleted or failed review are not followed.
    """
    root = node = record.get("prompt", record) if isinstance(record, dict) else record
    messages: Messages = []
    while node is not None:
        role = role_of(text_of(node, "role"))
        if role not in _ROLES:
            raise BadRecord("bad_messages", f"a message of the tree has the role {shown(node['role'])}")
        messages.append({"role": role, "content": text_of(node, "text")})
        replies = node.get("replies") or []
        if not isinstance(replies, list) or not all(isinstance(reply, dict) for reply in replies):
            raise BadRecord("bad_messages", "replies must be a list of messages")
        fit = [reply for reply in replies if not reply.get("deleted") and reply.get("review_result") is not False]
        node = min(fit, key=_preference, default=None)
    while messages and messages[-1]["role"] == "user":
        messages.pop()
    if not messages:
        raise BadRecord("no_assistant_turn", "nobody has answered the tree's prompt")
    return Imported(messages=messages, meta=short(language=language_of(root.get("lang"))))


def from_oasst_records(records: list[Any]) -> list[Imported]:
    """A tree told in one record or in one for each of its messages, which are neighbours."""
    if _tree_of(records[0]) is None:
        return [from_oasst(records[0])]
    nodes = {str(record.get("message_id")): {**record, "replies": []} for record in records}
    roots = []
    for node in nodes.values():
        parent = nodes.get(str(node.get("parent_id")))
        if parent is not None and parent is not node:
            parent["replies"].append(node)
        elif node.get("parent_id") is None:
            roots.append(node)
    if len(roots) != 1:
        raise BadRecord("broken_dialogue", f"a tree of {len(records)} messages has {len(roots)} roots, not one")
    return [from_oasst(roots[0])]


def _tree_of(record: Any) -> str | None:
    """The tree that a record is one message of; None where it is a tree itself."""
    if not isinstance(record, dict) or "replies" in record or "prompt" in record:
        return None
    tree = record.get("message_tree_id")
    return tree if isinstance(tree, str) and tree else None


def _preference(reply: dict[str, Any]) -> tuple[float, bool]:
    rank = reply.get("rank")
    ranked = isinstance(rank, int | float) and not isinstance(rank, bool) and abs(rank) < 2**53
    return (float(rank) if ranked and rank is not None else math.inf, not reply.get("replies"))


OASST = Importer(
    name="oasst",
    order=180,
    looks_like=lambda record: (
        isinstance(record.get("prompt"), dict) or record.get("role") == "prompter" or _tree_of(record) is not None
    ),
    convert=from_oasst_records,
    keys=_KNOWN,
    joins=_tree_of,
)
