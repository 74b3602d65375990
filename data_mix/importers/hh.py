"""Anthropic's helpful and harmless dialogues (Bai et al. 2022): two transcripts, of which people preferred one.

{"chosen": "\\n\\nHuman: …\\n\\nAssistant: …", "rejected": …}
"""

from __future__ import annotations

import re
from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, join_neighbours, one, own_meta, text_of
from data_mix.importers.parts.replies import last_reply, shared_prompt
from data_mix.reading.record import BadRecord

_SPEAKER = re.compile(r"\n\n(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def from_hh(record: Any) -> Imported:
    """The dialogue that people preferred, and how the other one goes on after the turns that both share."""
    better = transcript(text_of(record, "chosen"), "chosen")
    if record.get("rejected") is None:
        prompt, chosen = last_reply(better)
        return Imported(messages=prompt, chosen=chosen, meta=own_meta(record))
    prompt, chosen, rejected = shared_prompt(better, transcript(text_of(record, "rejected"), "rejected"))
    return Imported(messages=prompt, chosen=chosen, rejected=rejected, meta=own_meta(record))


def is_transcript(value: Any) -> bool:
    """Whether a text names its speakers as these dialogues do."""
    return isinstance(value, str) and _SPEAKER.match(value) is not None


def transcript(text: str, key: str, *, is_prompt: bool = False) -> Messages:
    """The turns of a dialogue that names its speakers. What one speaker says in several turns in a row becomes one
    message. Raises BadRecord for any other text; a prompt may end with the name of whoever is to speak."""
    before, *parts = _SPEAKER.split(text)
    if before.strip():
        raise BadRecord("bad_messages", f"{key} must begin with Human: or Assistant: after a blank line")
    messages: Messages = [
        {"role": _ROLES[name], "content": said.strip()} for name, said in zip(parts[::2], parts[1::2], strict=True)
    ]
    if messages and messages[-1] == {"role": "assistant", "content": ""}:
        if not is_prompt:
            raise BadRecord("empty_reply", f"the last reply of {key} is empty")
        messages.pop()
    empty = next((position for position, message in enumerate(messages) if not message["content"]), None)
    if empty is not None:
        raise BadRecord("bad_messages", f"message {empty} ({messages[empty]['role']}) of {key} has no content")
    return join_neighbours(messages)


HH = Importer(
    name="hh",
    order=10,  # before preference, whose keys it has too
    looks_like=lambda record: is_transcript(record.get("chosen")) and "prompt" not in record,
    convert=one(from_hh),
    keys=frozenset({"chosen", "rejected", "meta"}),
)
