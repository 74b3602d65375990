"""Marks that stand in a text for a picture, a sound or a film which is not there."""

from __future__ import annotations

import re

from data_mix.importers.base import Messages
from data_mix.reading.record import BadRecord
from espalier.text.messages import Message

_TAGS = re.compile(r"<(image|video|audio)>(?!.*</\1>)\n?", re.DOTALL)
"""LLaVA's, LLaMA-Factory's and ms-swift's; in XML such a tag is closed again."""
_AT_AN_END = re.compile(r"\s*<(image|video|audio)>|.*<(image|video|audio)>\s*\Z", re.DOTALL)
_TOKENS = re.compile(
    r"<\|vision_start\|>.*?<\|vision_end\|>\n?|<\|audio_bos\|>.*?<\|audio_eos\|>\n?"
    r"|(?:<\|(?:image|video|audio)(?:_pad|_\d{1,3})?\|>|<start_of_image>|<image_soft_token>)\n?",
    re.DOTALL | re.IGNORECASE,
)
NAMES = frozenset(
    name
    for kind in ("image", "video", "audio")
    for name in (kind, f"{kind}s", f"{kind}_url", f"{kind}_path", f"input_{kind}")
)
"""Keys to ignore whose marks are taken out of texts."""


def without_marks(messages: Messages, *, allowed: bool, beside: bool) -> Messages:
    """Messages (`check_messages`) without marks, where the loss is `allowed`; else BadRecord for one that holds some.

    Only who asks shows something: an assistant that writes of such marks is left alone, as is a text. `beside` says
    whether the record has pictures or the like, so that a tag in the middle of a text is one of theirs.
    """
    for message in messages:
        if "<" in message["content"]:
            return [_without(each, position, allowed, beside) for position, each in enumerate(messages)]
    return messages


def _without(message: Message, position: int, allowed: bool, beside: bool) -> Message:
    content = message["content"]
    if message["role"] not in ("user", "system", "tool") or "<" not in content:
        return message
    found = _TOKENS.search(content) or ((beside or _AT_AN_END.match(content)) and _TAGS.search(content))
    if not found:
        return message
    if not allowed:
        mark = found[0].strip()[:40]
        raise BadRecord(
            "unread_images",
            f"message {position} ({message['role']}) shows something ({mark}), and no row can keep that; with "
            "`ignore_keys: [images]` of its source it is read as if that were not there",
        )
    rest = _TAGS.sub("", _TOKENS.sub("", content))
    if not rest.strip():
        raise BadRecord(
            "unread_images", f"message {position} ({message['role']}) is nothing but {found[0].strip()[:40]}"
        )
    return message | {"content": rest}
