"""What stands in a record and is not read: counted by name, or refused where it decides what would be learned.

A key is *read*, or its corpus is known to hold nothing under it that could be learned (`Importer.keys`); or it is
*unread*, and its name is counted. Those of `DECISIVE` are refused, unless the recipe says that the source is to be read
without them (`ignore_keys`): then a record is read as if it did not have them, and they are counted too.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from data_mix.importers.parts.weights import ALL_FLAGS
from data_mix.reading.record import BadRecord

_KINDS = {
    "a picture, a sound or a film": (
        "image", "images", "image_url", "image_urls", "image_path", "image_paths", "image_file", "img", "imgs",
        "picture", "pictures", "pixel_values", "input_image", "video", "videos", "video_url", "video_path",
        "audio", "audios", "audio_url", "audio_path", "input_audio", "speech", "wav", "multi_modal_data",
    ),
    "which reply is the better one, or whether it is good": (
        "chosen", "rejected", "chosen_response", "rejected_response", "rejected_responses", "rejected_messages",
        "chosen_messages", "preferred_output", "non_preferred_output", "preferred", "dispreferred", "kto_tag", "label",
        "labels", "preference", "winner",
    ),
    "how much it counts": (
        *ALL_FLAGS, "weights", "sample_weight", "train_detail", "training_detail", "train_on_inputs",
        "train_on_input", "roles_to_train", "mask_history",
    ),
    "tools, or calls of them": ("tools", "functions", "tool_calls", "function_call", "tool_choice"),
    "what was thought before the reply": (
        "reasoning_content", "reasoning_details", "thinking", "thinking_blocks", "thoughts",
    ),
    "what stands before the conversation": (
        "system", "system_prompt", "system_message", "systemInstruction", "system_instruction", "history", "documents",
    ),
    "what there is to choose from": ("choices", "options"),
}  # fmt: skip
DECISIVE = {name.casefold(): what for what, names in _KINDS.items() for name in names}
"""Keys that decide what would be learned, in small letters, and what they say."""
NOTHING: tuple[Any, ...] = (None, "", [], {})
"""Values that say nothing."""
_OF_TURNS, _OF_PARTS = "turns.", "parts."
_MAX_CHARS = 60
_MAX_REMEMBERED = 64
"""Keys of one record whose names are remembered: more are data, and no two records alike."""


def present(record: Any) -> Any:
    """The record without what is null: tables with columns of many shapes are full of it."""
    if isinstance(record, dict) and None in record.values():
        return {key: value for key, value in record.items() if value is not None}
    return record


def without(record: dict[str, Any], ignored: frozenset[str]) -> tuple[dict[str, Any], set[str]]:
    """The record as if it did not have the ignored keys, and the names of those that it has, in turns too."""
    names: set[str] = set()
    return _without(record, ignored, "", names), names


def unread(record: dict[str, Any], known: frozenset[str]) -> set[str]:
    """The names of a record's keys that are not known, where there is anything under them."""
    keys = tuple(record)
    strangers = _strangers(keys, known) if len(keys) <= _MAX_REMEMBERED else _strangers.__wrapped__(keys, known)
    return {shown for key, shown in strangers if record[key] not in NOTHING}


@lru_cache(maxsize=4096)
def _strangers(keys: tuple[Any, ...], known: frozenset[str]) -> list[tuple[Any, str]]:
    """Keys that are not known, and how they are shown: most records of a file have the same."""
    return [(key, shown_key(key)) for key in keys if key not in known]


def refuse(names: Iterable[str]) -> None:
    """Raises BadRecord for the first name, in order, of what is unread and decides what would be learned."""
    for name in sorted(names):
        of, _, key = name.partition(".") if name.startswith((_OF_TURNS, _OF_PARTS)) else ("", "", name)
        what = DECISIVE.get(key.casefold())
        if what is None and of != "parts":
            continue
        where = {"turns": " in a turn", "parts": " as a part of a turn"}.get(of, "")
        raise BadRecord(
            f"unread_{key.casefold()}" if what else "unread_part",
            f"it has {key}{where} ({what or 'which is no text'}), and no row can keep that; with `ignore_keys: "
            f"[{key}]` of its source it is read as if that were not there",
        )


def shown_key(key: Any) -> str:
    """A key as it can be shown and counted, whatever it holds."""
    if not isinstance(key, str):
        return f"({type(key).__name__})"
    short = key if len(key) <= _MAX_CHARS else f"{key[:_MAX_CHARS]}…"
    return short if short.isprintable() else ascii(short)[1:-1]


def _without(value: Any, ignored: frozenset[str], prefix: str, names: set[str], depth: int = 0) -> Any:
    """Records hold turns, in lists; turns hold parts, in lists."""
    if isinstance(value, list) and depth < 3:
        kept = []
        for each in value:
            kind = each.get("type") if isinstance(each, dict) and prefix == _OF_PARTS else None
            if isinstance(kind, str) and kind in ignored:
                names.add(f"{_OF_PARTS}{kind}")
            else:
                kept.append(_without(each, ignored, prefix, names, depth) if isinstance(each, dict) else each)
        return kept
    if not isinstance(value, dict):
        return value
    names.update(f"{prefix}{key}" for key in value if key in ignored and value[key] not in NOTHING)
    deeper = _OF_PARTS if prefix else _OF_TURNS
    return {
        key: _without(under, ignored, deeper, names, depth + 1) if isinstance(under, list) else under
        for key, under in value.items()
        if key not in ignored
    }
