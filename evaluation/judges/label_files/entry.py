"""A labelled reply as its file has it, and what the formats' readers share."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.cases.case import Messages


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A tutor's reply with people's verdicts on it."""

    dialogue: str
    """The dialogue it ends, by the file's own name of it."""
    tutor: str
    """Who wrote the reply."""
    messages: Messages
    """The conversation up to the reply; the last role is user."""
    reply: str
    """The reply."""
    answer: str
    """The worked solution, or empty where the file has none."""
    labels: dict[str, str]
    """By dimension: the verdict, one of `DIMENSIONS[name].values`."""


def say_turn(messages: Messages, role: str, text: str) -> None:
    """Adds a turn in place; to the last one where that is of the same speaker."""
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"] += "\n" + text
    else:
        messages.append({"role": role, "content": text})
