"""Two turns of one speaker, one after the other, as one."""

from __future__ import annotations

from espalier.text.messages import Message, weight_of


def joined_with(first: Message, second: Message) -> Message | None:
    """Both as one message, their contents with a line break between; None where they are not to be one.

    They are not where another speaks, where one counts more than the other, and where the order of thoughts, words and
    calls would be lost. What two tools answered stays apart.
    """
    role = first["role"]
    if role != second["role"] or role == "tool":
        return None
    if len(first) == 2 and len(second) == 2:
        return {"role": role, "content": f"{first['content']}\n{second['content']}"}
    says_more = bool(second["content"].strip())
    if weight_of(first) != weight_of(second) or "reasoning" in second or ("tool_calls" in first and says_more):
        return None
    said = [each["content"] for each in (first, second) if each["content"].strip()]
    calls = [*first.get("tool_calls", ()), *second.get("tool_calls", ())]
    return first | {"content": "\n".join(said)} | ({"tool_calls": calls} if calls else {})
