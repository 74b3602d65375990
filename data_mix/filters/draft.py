"""What a filter is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from data_mix.words import words
from espalier.messages import TEXT_ROLE, Message

Messages = list[Message]


_TRAINED = ("assistant", TEXT_ROLE)
_WATCHED: set[str] = set()


def watch(words: Iterable[str]) -> frozenset[str]:
    """Words whose presence makes a filter look closer, to be found in `Draft.watched`."""
    chosen = frozenset(words)
    _WATCHED.update(chosen)
    return chosen


class Draft:
    """A row on its way through the filters. What several of them look at is made once."""

    __slots__ = ("_asked", "_replies", "_text", "_trained", "_watched", "_words", "messages", "meta")
    # By hand, because functools.cached_property takes a lock, which is slower than what is kept.

    def __init__(self, messages: Messages, meta: dict[str, Any]) -> None:
        self.messages = messages
        self.meta = meta
        self._text: str | None = None
        self._trained: list[str] | None = None
        self._replies: str | None = None
        self._asked: str | None = None
        self._words: list[str] | None = None
        self._watched: set[str] | None = None

    @property
    def text(self) -> str:
        """All contents, one below the other."""
        if self._text is None:
            self._text = "\n".join([message["content"] for message in self.messages])
        return self._text

    @property
    def trained(self) -> list[str]:
        """What is trained: the assistant's turns, or the text of a text row."""
        if self._trained is None:
            self._trained = [message["content"] for message in self.messages if message["role"] in _TRAINED]
        return self._trained

    @property
    def replies(self) -> str:
        """What is trained, one turn below the other."""
        if self._replies is None:
            self._replies = "\n".join(self.trained)
        return self._replies

    @property
    def asked(self) -> str:
        """The rest: what the user and the system say."""
        if self._asked is None:
            self._asked = "\n".join([message["content"] for message in self.messages if not is_trained(message)])
        return self._asked

    @property
    def words(self) -> list[str]:
        """The words of all contents, which later steps compare rows by."""
        if self._words is None:
            self._words = words(self.text)
        return self._words

    @property
    def watched(self) -> set[str]:
        """Those of them that some filter watches for: most rows have none, and then most filters are done."""
        if self._watched is None:
            self._watched = _WATCHED.intersection(self.words)
        return self._watched


class Drop(NamedTuple):
    """The row is left out."""

    reason: str


class Repaired(NamedTuple):
    """The row is kept with other messages."""

    messages: Messages
    names: tuple[str, ...]
    """The repairs made, each named once."""


class Labelled(NamedTuple):
    """The row is kept with another `meta`."""

    meta: dict[str, Any]


Filter = Callable[[Draft], Drop | Repaired | Labelled | None]
"""A filter answers None where it has nothing against a row. It changes nothing it is given."""


def is_trained(message: dict[str, str]) -> bool:
    """Whether a message is the assistant's, or a text."""
    return message["role"] in _TRAINED


def rewrite(draft: Draft, change: Callable[[str], str], name: str) -> Repaired | Drop | None:
    """Every content changed by `change`. Messages that nothing is left of are removed, and a row without any."""
    contents = [change(message["content"]) for message in draft.messages]
    if all(new == message["content"] for new, message in zip(contents, draft.messages, strict=True)):
        return None
    messages = [
        message if new == message["content"] else message | {"content": new}
        for new, message in zip(contents, draft.messages, strict=True)
        if new.strip()
    ]
    if not any(map(is_trained, messages)):
        return Drop("no_assistant_turn" if messages else "empty")
    if len(messages) < len(contents):
        return Repaired(messages, (name, "removed_empty_turns"))
    return Repaired(messages, (name,))
