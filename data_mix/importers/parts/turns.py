"""A list of turns, in whatever way a corpus tells them, to messages.

    {"role": "user", "content": "Hello."}        or `from` and `value`, `speaker` and `utterance`, `parts`, …
    … "weight": 0                                how much a turn counts, in the words of `weights`
    … "reasoning_content": "three sevens"        what was thought before the reply (`REASONING` of completions)
    … "content": null, "tool_calls": […]         what was called; `function_call` in older corpora
    {"from": "function_call", "value": "{…}"}    the same, as a turn of its own
    {"input": "Hello.", "output": "Hi."}         two turns at once

What is null is as if it were not there. What else stands in a turn is left unread, and named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from data_mix.importers.base import Messages
from data_mix.importers.parts.content import Content, calls_of, read_content, words
from data_mix.importers.parts.exchanges import exchange_in
from data_mix.importers.parts.keys import NOTHING, shown_key
from data_mix.importers.parts.speakers import CALLS, SPEAKERS, role_of
from data_mix.importers.parts.weights import ALL_FLAGS, weight_in
from data_mix.reading.record import BadRecord
from espalier.endpoints.completion import REASONING
from espalier.text.messages import TEXT_ROLE, Message

ROLE_KEYS = ("role", "from", "speaker", "author")
CONTENT_KEYS = ("content", "value", "utterance", "text", "message", "parts")
THOUGHTS = (*REASONING, "thoughts")
TEXTS_TOO = SPEAKERS | {TEXT_ROLE: TEXT_ROLE}
"""Speakers, and the role of a text that nobody speaks."""
NUMBERS = frozenset(("id", "idx", "index", "uuid", "message_id", "turn_id", "turn_number", "timestamp", "create_time"))
"""Keys of turns that number them, and so hold nothing that could be learned."""
_NOTHING: frozenset[str] = frozenset()
_CALLED = ("tool_calls", "function_call")
_TAKEN = frozenset((*ALL_FLAGS, *THOUGHTS, *_CALLED, "refusal"))


class Spoken(NamedTuple):
    """What a list of turns says."""

    messages: Messages
    unread: frozenset[str]
    """Keys of turns (`turns.KEY`) and kinds of parts (`parts.KIND`) that are in no message."""


def turns(
    found: list[Any],
    *,
    role: str | None = None,
    content: str | None = None,
    speakers: dict[str, str] = SPEAKERS,
    known: frozenset[str] = NUMBERS,
) -> Spoken:
    """Messages from a list of turns. An empty system message says nothing and is left out.

    `role` and `content` are the keys under which a turn has its speaker and its words, by default those of the first
    turn; `known` are keys that hold nothing to be learned. Raises BadRecord for what is no turn.
    """
    first = found[0] if found else None
    role = role or next_key(ROLE_KEYS, first) or ROLE_KEYS[0]
    content = content or next_key(CONTENT_KEYS, first) or CONTENT_KEYS[0]
    messages: Messages = []
    unread: set[str] = set()
    is_ours = role == "role" and content == "content"
    for position, turn in enumerate(found):
        if type(turn) is dict and len(turn) == 2:  # nearly all of them, and quickly told
            speaker, said = turn.get(role), turn.get(content)
            ours = speakers.get(speaker) if type(speaker) is str else None
            if type(said) is str and (ours == "user" or ours == "assistant" or (ours == "system" and said.strip())):
                messages.append(turn if is_ours and ours == speaker else {"role": ours, "content": said})
                continue
        try:
            messages += _read(turn, role, content, speakers, known, unread)
        except BadRecord as problem:
            raise BadRecord(problem.reason, f"message {position} {problem.detail}") from None
    return Spoken(messages, frozenset(unread) if unread else _NOTHING)


def next_key(keys: tuple[str, ...], turn: Any) -> str | None:
    """The first of the keys under which a turn has something; None where there is none."""
    if isinstance(turn, dict):
        for key in keys:
            if turn.get(key) is not None:
                return key
    return None


def _read(
    turn: Any, role: str, content: str, speakers: dict[str, str], known: frozenset[str], unread: set[str]
) -> Iterator[Message]:
    """The messages of one turn: one as a rule. What is left unread is added to `unread`."""
    given = {key: value for key, value in turn.items() if value is not None} if isinstance(turn, dict) else {}
    role = role if role in given else next_key(ROLE_KEYS, given) or role
    if role not in given:
        if exchange := exchange_in(given):
            yield {"role": "user", "content": given[exchange.asked]}
            yield {"role": "assistant", "content": given[exchange.answered]}
            unread.update(f"turns.{shown_key(key)}" for key in given if key not in exchange and key not in known)
            return
        raise BadRecord("bad_messages", f"must be an object with {role} and {content}")
    content = content if content in given else next_key(CONTENT_KEYS, given) or content
    speaker = role_of(given[role], speakers)
    if content not in given and speaker not in ("system", "assistant", CALLS):
        raise BadRecord("bad_messages", f"({speaker}) has no {content}")
    said = _calls_alone(given.get(content)) if speaker == CALLS else read_content(given.get(content))
    speaker = "assistant" if speaker == CALLS else speaker
    message: Message = {"role": speaker, "content": said.text}
    others = given.keys() - {role, content}
    if others or said.calls or said.reasoning:
        taken = _assistants(message, given, said) if speaker == "assistant" else _others(message, given, said)
        unread.update(f"turns.{shown_key(key)}" for key in others - taken - known if given[key] not in NOTHING)
    unread.update(said.unread)
    for result in said.results:
        yield {"role": "tool", "content": result}
    if (speaker == "system" and not said.text.strip()) or (said.results and not said.text):
        return
    yield message


def _calls_alone(value: Any) -> Content:
    return Content(calls=calls_of(value))


def _assistants(message: Message, given: dict[str, Any], said: Content) -> frozenset[str]:
    """Adds to an assistant's message what it has besides its words; returns the keys that are taken."""
    calls = said.calls + [call for key in _CALLED if given.get(key) not in NOTHING for call in calls_of(given[key])]
    if calls:
        message["tool_calls"] = calls
    thoughts = {key: words(given[key]).strip() for key in THOUGHTS if key in given} | {"": said.reasoning.strip()}
    thought = next(filter(None, thoughts.values()), "")
    if thought:
        message["reasoning"] = thought
    refusal = given.get("refusal")
    if not message["content"] and isinstance(refusal, str):
        message["content"] = refusal
    _add_weight(message, given)
    # Servers give the same thoughts under two names; others, and what is no text, would be lost.
    lost = {key for key, said in thoughts.items() if said != thought}
    return _TAKEN - lost - ({"refusal"} if message["content"] != refusal else set())


def _others(message: Message, given: dict[str, Any], said: Content) -> frozenset[str]:
    """The same for a message that is never trained: that its weight is 0 goes without saying."""
    if said.calls:
        raise BadRecord("bad_tool_calls", f"({message['role']}) calls a tool, which only an assistant does")
    if said.reasoning:
        said.unread.add("parts.thinking")
    if message["role"] == TEXT_ROLE:
        _add_weight(message, given)
        return ALL_FLAGS
    return ALL_FLAGS if ALL_FLAGS.isdisjoint(given) or weight_in(given) == 0 else frozenset()


def _add_weight(message: Message, given: dict[str, Any]) -> None:
    if not ALL_FLAGS.isdisjoint(given) and (weight := weight_in(given)) != 1.0:
        message["weight"] = weight
