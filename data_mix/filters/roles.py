"""Whose turn it is: a chat begins with the user, alternates, and ends with the assistant."""

from __future__ import annotations

from data_mix.filters.config import FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, Messages, Repaired
from espalier.messages import TEXT_ROLE

_NEXT = {"user": "assistant", "assistant": "user"}


def roles(config: FilterConfig) -> Filter | None:
    """Repairs joined_turns, removed_empty_turns, cut_leading_assistant, cut_trailing_user.

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

    return look


def _is_in_order(messages: Messages, may_lead: bool) -> bool:
    wanted = ""
    for message in messages:
        role = message["role"]
        if wanted == "":
            if role == "system" and message is messages[0]:
                continue
            if role != "user" and not (may_lead and role == "assistant"):
                return False
        elif role != wanted:
            return False
        wanted = _NEXT[role]
        if not message["content"] or message["content"].isspace():
            return False
    return wanted == "user"


def _repaired(messages: Messages, leading: str) -> Repaired | Drop:
    names = []
    turns = [message for message in messages if message["content"].strip()]
    if len(turns) < len(messages):
        names.append("removed_empty_turns")
    joined: Messages = []
    for turn in turns:
        if joined and joined[-1]["role"] == turn["role"]:
            if turn["content"] == joined[-1]["content"]:  # sent twice, as chats often have it
                continue
            joined[-1] = turn | {"content": f"{joined[-1]['content']}\n{turn['content']}"}
        else:
            joined.append(turn)
    if len(joined) < len(turns):
        names.append("joined_turns")
    first = 1 if joined and joined[0]["role"] == "system" else 0
    if any(turn["role"] not in _NEXT for turn in joined[first:]):
        return Drop("roles")
    if joined[first:] and joined[first]["role"] == "assistant" and leading != "keep":
        if leading == "drop":
            return Drop("leading_assistant")
        del joined[first]
        names.append("cut_leading_assistant")
    if joined[first:] and joined[-1]["role"] == "user":
        del joined[-1]
        names.append("cut_trailing_user")
    if not joined[first:]:
        return Drop("no_assistant_turn")
    return Repaired(joined, tuple(names))
