"""LMSYS-Chat-1M (Zheng et al. 2023), and WildChat (Zhao et al. 2024), which has the same shape.

    {"conversation_id", "model", "conversation": [{"role", "content"}], "turn", "language": "English",
     "openai_moderation": [{"flagged", "categories": {"hate": false, …}, "category_scores"}], "redacted"}

There is one moderation for each message. Names that the corpus has replaced (NAME_1) stay as they are.
"""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, language_of, list_of, one, short, shown
from data_mix.importers.parts.turns import NUMBERS, turns
from data_mix.reading.record import BadRecord

_KNOWN = frozenset(
    (
        "conversation_id", "conversation_hash", "model", "timestamp", "conversation", "turn", "language",
        "openai_moderation", "detoxify_moderation", "toxic", "redacted", "state", "country", "hashed_ip", "header",
    )
)  # fmt: skip
_KNOWN_OF_TURNS = NUMBERS | {
    "country", "hashed_ip", "header", "language", "redacted", "state", "toxic", "turn_identifier",
}  # fmt: skip
_MAX_CATEGORIES = 40
"""More than any version of the moderation has (11 to 13, WildChat spells some twice)."""


def from_lmsys(record: Any) -> Imported:
    """The conversation; in `meta` its language and model, `moderation` (the categories that any message was flagged
    for, sorted), and `redacted` where the corpus has replaced names in it.

    Raises BadRecord for a moderation that cannot be read: without it the conversation would pass for a safe one.
    """
    messages, unread = turns(list_of(record, "conversation"), known=_KNOWN_OF_TURNS)
    meta = short(language=language_of(record.get("language")), model=record.get("model"))
    if flagged := _flagged(record):
        meta["moderation"] = flagged
    redacted = record.get("redacted")
    if redacted is not None and not isinstance(redacted, bool):
        raise BadRecord("bad_labels", f"redacted must be true or false, not {shown(redacted)}")
    if redacted:
        meta["redacted"] = True
    return Imported(messages=messages, meta=meta, unread=unread)


def _flagged(record: dict[str, Any]) -> list[str]:
    verdicts = record.get("openai_moderation")
    if verdicts is None:
        return []
    if not isinstance(verdicts, list):
        raise BadRecord("bad_labels", f"openai_moderation must be a list, not {type(verdicts).__name__}")
    flagged: set[str] = set()
    for position, verdict in enumerate(verdicts):
        categories = verdict.get("categories") if isinstance(verdict, dict) else None
        if not isinstance(categories, dict) or not isinstance(verdict.get("flagged"), bool):
            raise BadRecord("bad_labels", f"openai_moderation {position} must have flagged and categories")
        if verdict["flagged"] or True in categories.values():
            named = {name for name, holds in categories.items() if holds is True and _is_label(name)}
            flagged |= named or {"flagged"}
    if len(flagged) > _MAX_CATEGORIES:
        raise BadRecord("bad_labels", f"openai_moderation flags {len(flagged)} categories, which is no moderation")
    return sorted(flagged)


def _is_label(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 80 and name.isprintable()


def _looks_like(record: dict[str, Any]) -> bool:
    found = record.get("conversation")
    first = found[0] if isinstance(found, list) and found else None
    named = "conversation_id" in record or "conversation_hash" in record or "openai_moderation" in record
    return named and isinstance(first, dict) and "role" in first and "content" in first


LMSYS = Importer(
    name="lmsys",
    order=30,  # before messages, whose keys it has too
    looks_like=_looks_like,
    convert=one(from_lmsys),
    keys=_KNOWN,
)
