"""Speech in writing: what was said, as corpora of recordings have it (ASCEND, WAXAL). The recordings are not read.

    {"transcription": "…", "language": "swa", "speaker_id"?, "session_id"?, "topic"?, "audio"?}

A transcript is a text without chat roles: it shows how people talk, and switch between their languages, not how a tutor
answers them.
"""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, one, short, text_of
from data_mix.importers.parts.around import NUMBERED
from data_mix.language.languages import code_of
from espalier.text.messages import TEXT_ROLE

_RECORDING = frozenset(("audio", "path", "duration", "gender", "speaker_id", "original_speaker_id", "session_id"))
"""About the recording and who speaks: nothing that is written could be learned from it."""


def from_transcript(record: Any) -> Imported:
    """One utterance. `mixed` and the like name no language: then the text is to tell it."""
    said = text_of(record, "transcription").strip()
    language, topic = record.get("language"), record.get("topic")
    code = code_of(language) if isinstance(language, str) and language != "mixed" else None
    meta = short(language=code, topic=topic if isinstance(topic, str) else None)
    return Imported(messages=[{"role": TEXT_ROLE, "content": said}], meta=meta)


TRANSCRIPT = Importer(
    name="transcript",
    order=990,  # before plain text, after all that has turns
    looks_like=lambda record: isinstance(record.get("transcription"), str),
    convert=one(from_transcript),
    keys=NUMBERED | _RECORDING | {"transcription", "language", "topic"},
)
