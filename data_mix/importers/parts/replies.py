"""Conversations that share a prompt, taken apart into the prompt and the replies to it, and put together again."""

from __future__ import annotations

from data_mix.reading.record import BadRecord
from espalier.text.messages import Message

Messages = list[Message]


def shared_prompt(better: Messages, worse: Messages) -> tuple[Messages, Messages, Messages]:
    """The prompt that two conversations share, and what either goes on with: one turn of the assistant's, or more.

    The prompt ends before the first turn that differs, or earlier, so that it ends with no turn of the assistant's.
    Raises BadRecord where they are equal, or share no prompt.
    """
    if len(better) == len(worse) and all(map(_same, better, worse)):
        raise BadRecord("equal_replies", "chosen and rejected are the same reply, so neither is the better one")
    shared = 0
    while shared < min(len(better), len(worse)) - 1 and _same(better[shared], worse[shared]):
        shared += 1
    while shared and better[shared - 1]["role"] == "assistant":
        shared -= 1
    if not shared:
        raise BadRecord(
            "no_prompt", "chosen and rejected do not answer the same prompt: they differ from the beginning"
        )
    return better[:shared], better[shared:], worse[shared:]


def last_reply(messages: Messages) -> tuple[Messages, Messages]:
    """The prompt of a conversation, and the assistant's turns that end it; either may be empty."""
    end = len(messages)
    while end and messages[end - 1]["role"] == "assistant":
        end -= 1
    return messages[:end], messages[end:]


def begins_with(messages: Messages, beginning: Messages) -> bool:
    """Whether a conversation begins with the turns of another."""
    return len(beginning) <= len(messages) and all(map(_same, messages, beginning))


def _same(one: Message, other: Message) -> bool:
    """Whether two turns are equal but for the white space around their contents."""
    return one == other or (one | {"content": ""} == other | {"content": ""} and _bare(one) == _bare(other))


def _bare(message: Message) -> object:
    content = message["content"]
    return content.strip() if isinstance(content, str) else content
