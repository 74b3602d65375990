"""What an item shows: a conversation, and one reply to it or two. It is known by its hash wherever it goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from espalier.text.messages import Message, check_messages

Ask = Literal["pairs", "single"]
"""What a rater is asked: which of two replies is better, or what one reply is like."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A conversation and the replies to it. Raises ValueError where nobody could rate it."""

    messages: tuple[Message, ...]
    """The conversation; the last word is the learner's."""
    replies: tuple[str, ...]
    """One, or two that differ, in the order of their texts: in which order they are shown is another matter."""

    def __post_init__(self) -> None:
        check_messages(list(self.messages))
        if self.messages[-1]["role"] != "user":
            raise ValueError("the conversation before a reply must end with what the learner says (role user)")
        if not 1 <= len(self.replies) <= 2:
            raise ValueError(f"wants one reply or two, not {len(self.replies)}")
        if not any(reply.strip() for reply in self.replies):
            raise ValueError("there is no reply, or only empty ones")
        for reply in filter(str.strip, self.replies):
            check_messages([{"role": "assistant", "content": reply}])
        if len(self.replies) == 2 and self.replies[0].split() == self.replies[1].split():
            raise ValueError("the two replies are the same, so neither is the better one")

    @classmethod
    def of(cls, messages: Sequence[Message], replies: Sequence[str]) -> Self:
        """The content with its replies in the order that every content has. ValueError as above."""
        plain = tuple({"role": each["role"], "content": each["content"]} for each in messages)
        return cls(messages=plain, replies=tuple(sorted(replies)))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` gave. ValueError where it is no content."""
        data = json.loads(text)
        return cls(messages=tuple(data["messages"]), replies=tuple(data["replies"]))

    def to_json(self) -> str:
        """As text, the same for the same content."""
        return _canonical({"messages": list(self.messages), "replies": list(self.replies)})

    @property
    def hash(self) -> str:
        """SHA-256 of it, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def shown(self, swapped: bool) -> tuple[str, ...]:
        """The replies as they stand on the page, from left to right."""
        return self.replies[::-1] if swapped else self.replies


def hash_of_shown(content: Content, swapped: bool, questions: Any) -> str:
    """SHA-256 of exactly what a rater saw: conversation, replies from left to right, and the questions asked."""
    seen = {"messages": list(content.messages), "replies": content.shown(swapped), "questions": questions}
    return hashlib.sha256(_canonical(seen).encode()).hexdigest()


def drawn(*parts: object) -> int:
    """A number that chance could have drawn, of 64 bits, and that is the same for the same parts."""
    return int.from_bytes(hashlib.sha256(_canonical([str(part) for part in parts]).encode()).digest()[:8], "big")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
