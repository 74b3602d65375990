"""What a filter is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from data_mix.language.words import words
from espalier.text.messages import Message, is_learned

if TYPE_CHECKING:
    from data_mix.filters.scan import Mask, Scan

Messages = list[Message]


_SAID = ("reasoning", "content")
WATCHED: set[str] = set()
"""All words that filters watch for (`watch`)."""


def watch(words: Iterable[str]) -> frozenset[str]:
    """Words whose presence makes a filter look closer, to be found in `Draft.watched`."""
    chosen = frozenset(words)
    WATCHED.update(chosen)
    return chosen


class Draft:
    """A row on its way through the filters. What several of them look at is made once."""

    # By hand, because functools.cached_property takes a lock, which is slower than what is kept.
    _text: str | None = None
    _trained: list[str] | None = None
    _replies: str | None = None
    _asked: str | None = None
    _words: list[str] | None = None

    def __init__(self, messages: Messages, meta: dict[str, Any], watched: set[str] | None = None) -> None:
        self.messages = messages
        self.meta = meta
        self._watched = watched

    @property
    def text(self) -> str:
        """All contents, and what was thought before them, one below the other."""
        if self._text is None:
            self._text = "\n".join(said(self.messages))
        return self._text

    @property
    def trained(self) -> list[str]:
        """What is trained: the assistant's turns but for those of weight 0, or the text of a text row."""
        if self._trained is None:
            self._trained = [message["content"] for message in self.messages if is_learned(message)]
        return self._trained

    @property
    def replies(self) -> str:
        """What is trained, one turn below the other."""
        if self._replies is None:
            self._replies = "\n".join(self.trained)
        return self._replies

    @property
    def asked(self) -> str:
        """The rest: what the user, the system and tools say."""
        if self._asked is None:
            self._asked = "\n".join([message["content"] for message in self.messages if not is_learned(message)])
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
            self._watched = WATCHED.intersection(self.words)
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


class Filter(NamedTuple):
    """What a row has to pass."""

    look: Callable[[Draft], Drop | Repaired | Labelled | None]
    """Answers None where it has nothing against a row. It changes nothing it is given."""
    where: Callable[[Scan], Mask] | None = None
    """The rows that are to be looked at, told of many at once: all that `look` may have something against, and few
    others. None: every row is."""


def said(messages: Messages) -> list[str]:
    """All contents, each before it the thoughts that the message has."""
    if sum(map(len, messages)) == 2 * len(messages):  # as in most rows, none has more than a role and a content
        return [message["content"] for message in messages]
    return [message[key] for message in messages for key in _SAID if key in message]


def rewrite(draft: Draft, change: Callable[[str], str], name: str) -> Repaired | Drop | None:
    """Every content and thought changed by `change`. Messages that nothing is left of are removed, and a row without
    any."""
    changed = [_changed(message, change) for message in draft.messages]
    if all(new is message for new, message in zip(changed, draft.messages, strict=True)):
        return None
    messages = [message for message in changed if message["content"].strip() or "tool_calls" in message]
    if not any(map(is_learned, messages)):
        return Drop("no_assistant_turn" if messages else "empty")
    if len(messages) < len(changed):
        return Repaired(messages, (name, "removed_empty_turns"))
    return Repaired(messages, (name,))


def _changed(message: Message, change: Callable[[str], str]) -> Message:
    """The very message where nothing changes."""
    new = {key: text for key in _SAID if key in message and (text := change(message[key])) != message[key]}
    if not new:
        return message
    if "reasoning" in new and not new["reasoning"].strip():
        message = {key: value for key, value in message.items() if key != "reasoning"}
        del new["reasoning"]
    return message | new
