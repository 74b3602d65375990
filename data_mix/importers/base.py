"""What an importer is, and what importers share: from one record, or from the records of one dialogue, to messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from data_mix.importers.parts.neighbours import joined_with
from data_mix.language.languages import code_of
from data_mix.reading.record import BadRecord
from espalier.text.messages import Message

Messages = list[Message]


@dataclass(kw_only=True, slots=True)
class Imported:
    """One row to be."""

    messages: Messages
    """Roles are system, user and assistant; or one message of role text. A preference's are its prompt."""
    meta: dict[str, Any] = field(default_factory=dict)
    """What the corpus says about it, as plain JSON of short values."""
    tools: list[dict[str, Any]] | None = None
    """Declarations of the tools that the assistant may call."""
    unread: frozenset[str] = frozenset()
    """What stands in the record and is in no row: names of its keys, `turns.KEY` for one of a turn's."""
    chosen: Messages | None = None
    """The better reply to the prompt, or the only one and good."""
    rejected: Messages | None = None
    """The worse reply, or the only one and bad."""

    @property
    def is_preference(self) -> bool:
        """Whether it is said which replies to its prompt are good ones."""
        return self.chosen is not None or self.rejected is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Importer:
    """How records of one shape become rows. Its functions are pure, and raise BadRecord for what they cannot use."""

    name: str
    """What a recipe calls it (`format`)."""
    order: int = 500
    """Shapes are tried in this order, the lower first: one comes before those whose keys its records have too."""
    looks_like: Callable[[dict[str, Any]], bool]
    """Whether an object has the keys that tell this shape from all others; a few microseconds at most."""
    convert: Callable[[list[Any]], list[Imported]]
    """The rows of one record, given as a list of one; or of all records that `joins` puts together."""
    keys: frozenset[str] = frozenset()
    """Keys of a record that are read, or known to hold nothing to be learned. All others are counted by name."""
    joins: Callable[[Any], str | None] | None = None
    """The key of the dialogue that a record is a turn of: neighbours with the same key are converted together. None
    for a shape whose records stand alone."""


def one(convert: Callable[[Any], Imported]) -> Callable[[list[Any]], list[Imported]]:
    """For `Importer.convert`, of a function from one record to one row."""
    return lambda records: [convert(records[0])]


def text_of(record: Any, key: str) -> str:
    """The text under a key. Raises BadRecord where there is none."""
    value = _value(record, key)
    if not isinstance(value, str):
        raise BadRecord("bad_messages", f"{key} must be a text, not {type(value).__name__}")
    return value


def list_of(record: Any, key: str) -> list[Any]:
    """The list under a key. Raises BadRecord where there is none."""
    value = _value(record, key)
    if not isinstance(value, list):
        raise BadRecord("bad_messages", f"{key} must be a list, not {type(value).__name__}")
    return value


def join_neighbours(messages: Messages) -> Messages:
    """Turns of one speaker that follow one another as one turn, with a line break between, where they can be one."""
    joined: Messages = []
    for message in messages:
        both = joined_with(joined[-1], message) if joined else None
        if both is None:
            joined.append(message)
        else:
            joined[-1] = both
    return joined


def own_meta(record: Any) -> dict[str, Any]:
    """The record's own `meta`, where it has one that a row can carry. Raises BadRecord for one that is no JSON."""
    meta = record.get("meta") if isinstance(record, dict) else None
    if not isinstance(meta, dict) or not meta:
        return {}
    if all(type(key) is str and (value is None or type(value) in (str, bool)) for key, value in meta.items()):
        return meta  # as most are, and JSON for sure
    check_json(meta, "bad_meta", "meta")
    return meta


def check_json(value: Any, reason: str, what: str) -> None:
    """Raises BadRecord for what JSON cannot hold."""
    try:
        # Within other lists, so that whoever writes it later, from deeper in the program, does not fail on its depth.
        _ENCODER.encode(_within_lists(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRecord(reason, f"{what} cannot be kept as JSON ({error})") from None


def short(**facts: Any) -> dict[str, Any]:
    """`meta` of those facts that are there and are short: a text of at most 200 characters, a number, a truth value."""
    return {
        key: value
        for key, value in facts.items()
        if (isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable())
        or isinstance(value, bool)
        or (isinstance(value, int) and abs(value) < 2**63)
        or (isinstance(value, float) and abs(value) < float("inf"))
    }


def language_of(label: Any) -> str | None:
    """The code of a language that a corpus names, or the corpus' own label where it has none; None for no label."""
    if not isinstance(label, str) or len(label) > 40:
        return None
    return code_of(label) or label.strip() or None


def shown(value: Any) -> str:
    """What a value is, for a reason: short, printable whatever it holds, and made in no time of whatever size."""
    return repr(value[:40]) if isinstance(value, str) else f"of the kind {type(value).__name__}"


_ENCODER = json.JSONEncoder(sort_keys=True, allow_nan=False)


def _within_lists(value: Any, depth: int = 64) -> Any:
    for _ in range(depth):
        value = [value]
    return value


def _value(record: Any, key: str) -> Any:
    if not isinstance(record, dict) or key not in record:
        raise BadRecord("unknown_shape", f"the key {key} is missing")
    return record[key]
