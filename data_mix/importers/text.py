"""Plain text: a piece of a text file, or `{"text"}`."""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, one, own_meta, text_of
from data_mix.importers.parts.around import NUMBERED
from espalier.text.messages import TEXT_ROLE


def from_text(record: Any) -> Imported:
    """A text without chat roles."""
    text = record if isinstance(record, str) else text_of(record, "text")
    return Imported(messages=[{"role": TEXT_ROLE, "content": text}], meta=own_meta(record))


TEXT = Importer(
    name="text",
    order=1000,  # after all: many records have a text among other things
    looks_like=lambda record: "text" in record,
    convert=one(from_text),
    keys=NUMBERED | {"text", "meta"},
)
