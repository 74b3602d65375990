"""Whose turn it is: a chat begins with the user, alternates, and ends with the assistant, who may call tools."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from data_mix.filters.config import FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, Messages, Repaired
from data_mix.filters.scan import Mask, Scan
from data_mix.importers.parts.neighbours import joined_with
from espalier.text.messages import TEXT_ROLE

_NEXT = {"user": ("assistant",), "assistant": ("user", "tool"), "tool": ("tool", "assistant")}
_FIRST = {False: ("user",), True: ("user", "assistant")}
"""Who may begin, by whether the assistant may."""


def roles(config: FilterConfig) -> Filter | None:
    """Repairs joined_turns, removed_empty_turns, cut_leading_assistant, cut_trailing_user, cut_trailing_tool.

    Reasons: no_assistant_turn, leading_assistant, and roles, for all that is not repaired.
    """
    if config.roles == "off":
        return None
    repair, leading = config.roles == "repair", config.leading_assistant

    def look(draft: Draft) -> Drop | Repaired | None:
        messages = draft.messages
        if messages[0]["role"] == TEXT_ROLE or _is_in_order(messages, leading == "keep"):
            return None
        if all(message["role"] != "assistant" for message in messages):
            return Drop("no_assistant_turn")
        found = _repaired(messages, leading)
        return found if repair or isinstance(found, Drop) else Drop("roles")

    def where(scan: Scan) -> Mask:
        wrong = [order[:1] != (TEXT_ROLE,) and not _take_turns(order, leading == "keep") for order in scan.orders()]
        return np.array(wrong) | scan.blank()

    return Filter(look, where)


def _is_in_order(messages: Messages, may_lead: bool) -> bool:
    if not _take_turns(tuple([message["role"] for message in messages]), may_lead):
        return False
    spoken = messages[1:] if messages[0]["role"] == "system" else messages
    return all(message["content"].strip() or "tool_calls" in message for message in spoken)


@lru_cache(maxsize=1024)
def _take_turns(roles: tuple[str, ...], may_lead: bool) -> bool:
    """Whether each speaks when it is their turn: most rows of a corpus have one of a few orders."""
    wanted = _FIRST[may_lead]
    for position, role in enumerate(roles):
        if role in wanted:
            wanted = _NEXT[role]
        elif position or role != "system":
            return False
    return roles[-1] == "assistant"


def _repaired(messages: Messages, leading: str) -> Repaired | Drop:
    names = []
    turns = [message for message in messages if message["content"].strip() or "tool_calls" in message]
    if len(turns) < len(messages):
        names.append("removed_empty_turns")
    joined: Messages = []
    for turn in turns:
        if joined and turn == joined[-1] and turn["role"] != "tool":  # sent twice, as chats often have it
            continue
        both = joined_with(joined[-1], turn) if joined else None
        if both is None:
            joined.append(turn)
        else:
            joined[-1] = both
    if len(joined) < len(turns):
        names.append("joined_turns")
    first = 1 if joined and joined[0]["role"] == "system" else 0
    if joined[first:] and joined[first]["role"] == "assistant" and leading != "keep":
        if leading == "drop":
            return Drop("leading_assistant")
        del joined[first]
        names.append("cut_leading_assistant")
    while joined[first:] and joined[-1]["role"] in ("user", "tool"):
        names.append(f"cut_trailing_{joined.pop()['role']}")
    if not joined[first:]:
        return Drop("no_assistant_turn")
    if not _is_in_order(joined, leading == "keep"):
        return Drop("roles")  # neighbours that cannot be one, and speakers out of place
    return Repaired(joined, tuple(dict.fromkeys(names)))
