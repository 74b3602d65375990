"""Who speaks: the names that corpora give to speakers, and our roles for them."""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import shown
from data_mix.reading.record import BadRecord

CALLS = "calls"
"""The role of a turn that holds nothing but calls of tools: an assistant's."""

_NAMES = {
    "system": ("system", "developer", "system_prompt", "instructions"),
    "user": ("user", "human", "prompter", "student", "learner", "pupil"),
    "assistant": (
        "assistant", "ai", "bot", "chatbot", "model", "gpt", "chatgpt", "gpt4", "gpt_4", "bard", "bing", "claude",
        "gemini", "llm", "llama", "ai_assistant", "assistant_response", "tutor", "teacher",
    ),
    "tool": (
        "tool", "tools", "function", "ipython", "observation", "tool_response", "tool_responses", "tool_result",
        "tool_results", "tool_output", "function_response", "function_result", "function_output",
    ),
    CALLS: ("function_call", "function_calls", "tool_call", "tool_calls"),
}  # fmt: skip

SPEAKERS = {name: role for role, names in _NAMES.items() for name in names}
"""In small letters, with `_` for what stands between two words."""
SPEAKERS |= {spelled: role for name, role in SPEAKERS.items() for spelled in (name.upper(), name.title())}


def role_of(speaker: Any, speakers: dict[str, str] = SPEAKERS) -> str:
    """Our role for a corpus' name of a speaker, whatever its case. Raises BadRecord for one that nobody knows."""
    if isinstance(speaker, str) and len(speaker) <= 40:
        known = speakers.get(speaker) or speakers.get(
            speaker.strip().casefold().replace(" ", "_").replace("-", "_").strip("_<|>[]:")
        )
        if known is not None:
            return known
    raise BadRecord(
        "bad_messages",
        f"has the role {shown(speaker)}, which is not known; known are system, user, assistant, tool, and other names "
        "of theirs (human, gpt, model)",
    )
