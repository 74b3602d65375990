"""Records of known shapes to rows, a file for each family of corpora.

To add a shape: a pure function from a record to messages, and an `Importer` beside it that says by which keys it is
known. No list has to name it: `IMPORTERS` is what the files here define.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any

from data_mix.importers.base import Imported, Importer
from data_mix.importers.chat import LISTS
from data_mix.importers.hh import HH
from data_mix.importers.parts.around import AROUND
from data_mix.importers.parts.exchanges import ANSWERED, ASKED
from data_mix.importers.parts.keys import present, refuse, shown_key, unread, without
from data_mix.importers.parts.pictures import NAMES as PICTURES
from data_mix.importers.parts.pictures import without_marks
from data_mix.importers.preferences import ONE_REPLY, PREFERENCE
from data_mix.importers.ratings import RATED
from data_mix.importers.text import TEXT
from data_mix.reading.record import BadRecord
from espalier.discover import discover
from espalier.text.messages import TEXT_ROLE, check_messages

__all__ = ["IMPORTERS", "Imported", "Importer", "convert", "detect"]

_DEFINED: dict[str, Importer] = discover(
    "data_mix.importers",
    lambda value: isinstance(value, Importer),
    home=lambda importer: importer.looks_like,
    name=lambda importer: importer.name,
)
IMPORTERS = dict(sorted(_DEFINED.items(), key=lambda item: (item[1].order, item[0])))
"""In the order in which a record's shape is tried."""
_MAX_REMEMBERED = 64
"""Keys of one record whose shape is remembered: more are data, and no two records alike."""


def detect(record: Any) -> str:
    """The name of a record's shape. Raises BadRecord when it is none that is known."""
    if isinstance(record, str):
        return TEXT.name
    if not isinstance(record, dict):
        raise BadRecord("not_object", f"a {type(record).__name__} where an object of keys and values is wanted")
    given = present(record)
    keys_given = tuple(given)
    likely = _likely(keys_given) if len(keys_given) <= _MAX_REMEMBERED else _likely.__wrapped__(keys_given)
    for importer in likely:
        if importer.looks_like(given):
            return importer.name
    keys = ", ".join(shown_key(key) + ("" if key in given else " (null)") for key in islice(record, 8)) or "none"
    if empty := next((key for key in given if given[key] == [] and (key in LISTS or key in ASKED)), None):
        raise BadRecord("bad_messages", f"{empty} holds no turn (its keys: {keys})")
    if asked := ASKED.intersection(given):
        raise BadRecord(
            "no_reply",
            f"{' and '.join(sorted(asked))} alone: there is no reply to learn from (its keys: {keys}); a reply is "
            f"called {', '.join(sorted(ANSWERED))}",
        )
    raise BadRecord("unknown_shape", f"of no known shape (its keys: {keys}); known are {', '.join(IMPORTERS)}")


@lru_cache(maxsize=4096)
def _likely(keys: tuple[Any, ...]) -> list[Importer]:
    """The importers, in order, that read one of the keys besides those that many have."""
    return [importer for importer in IMPORTERS.values() if not (importer.keys - AROUND).isdisjoint(keys)]


def convert(records: list[Any], format: str, *, ignored: frozenset[str] = frozenset()) -> tuple[str, list[Imported]]:
    """The shape and the rows of one record, or of the records of one dialogue; `format` is a shape or `auto`, and
    `ignored` are keys that the records are read without. The first row names what is not read of them.

    What says which of its replies are good ones is a preference, also where it is said to be a conversation. Raises
    BadRecord when a record is not of the format, is malformed, has something unread that decides what would be learned,
    or a row has nothing that could be trained on.
    """
    names: set[str] = set()
    if ignored:
        records, names = _without(records, ignored)
    shown = not names.isdisjoint(PICTURES)
    name = detect(records[0]) if format == "auto" else format
    records = [_checked(record) for record in records]
    if format in ONE_REPLY and isinstance(records[0], dict):
        # Told that it is a conversation, it may still say that its reply is a bad one, or that there is a better one.
        name = next((each.name for each in (HH, RATED, PREFERENCE) if each.looks_like(records[0])), name)
    if isinstance(records[0], str) and name != TEXT.name:
        raise BadRecord("not_object", f"a text where an object of the format {name} is wanted")
    importer = IMPORTERS[name]
    for record in records:
        if isinstance(record, dict) and not record.keys() <= importer.keys:
            refuse(found := unread(record, importer.keys))
            names |= found
    rows = importer.convert(records)
    if not rows:
        raise BadRecord("empty", "the record holds no conversation")
    for row in rows:
        if row.unread:
            refuse(row.unread)
            names |= row.unread
        _check(row)
        marks = {"allowed": not ignored.isdisjoint(PICTURES), "beside": shown}
        row.messages = without_marks(row.messages, **marks)
        if row.is_preference:
            row.chosen = row.chosen and without_marks(row.chosen, **marks)
            row.rejected = row.rejected and without_marks(row.rejected, **marks)
    if names:
        rows[0].unread = frozenset(names)
    return name, rows


def _checked(record: Any) -> Any:
    if not isinstance(record, dict | str):
        raise BadRecord("not_object", f"a {type(record).__name__} where an object of keys and values is wanted")
    return present(record)


def _without(records: list[Any], ignored: frozenset[str]) -> tuple[list[Any], set[str]]:
    """The records read without the ignored keys, and the names of those keys that they have."""
    found = [without(record, ignored) if isinstance(record, dict) else (record, set[str]()) for record in records]
    return [record for record, _ in found], set[str]().union(*(names for _, names in found))


def _check(row: Imported) -> None:
    replies = [(key, reply) for key, reply in (("chosen", row.chosen), ("rejected", row.rejected)) if reply is not None]
    if replies and not row.messages:
        raise BadRecord("no_prompt", "there is no prompt that the reply answers")
    for key, reply in replies:
        if not reply or reply[-1]["role"] not in ("assistant", TEXT_ROLE):
            raise BadRecord("no_assistant_turn", f"{key} does not end with what the assistant says")
    for where, messages in (("", row.messages), *((f"{key}: ", reply) for key, reply in replies)):
        try:
            check_messages(messages)
        except ValueError as error:
            raise BadRecord("bad_messages", f"{where}{error}") from None
    if replies and row.messages[-1]["role"] == "assistant":
        raise BadRecord(
            "prompt_ends_with_reply", "the prompt ends with what the assistant says, and not with a question"
        )
    if any((reply[-1]["role"] == TEXT_ROLE) != (row.messages[-1]["role"] == TEXT_ROLE) for _, reply in replies):
        raise BadRecord(
            "bad_messages", "a reply with the role text goes on with a prompt of that role, and no other does"
        )
    if not replies and row.messages[0]["role"] != TEXT_ROLE and all(one["role"] != "assistant" for one in row.messages):
        raise BadRecord("no_assistant_turn", "the row has no assistant turn, so there is nothing to learn from it")
