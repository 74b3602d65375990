"""Records of known shapes to rows, a file for each family of corpora.

To add a shape: a pure function from a record to messages, an `Importer` that says by which keys it is known, a line in
`IMPORTERS`, and its name in `recipe.Format`.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from data_mix.importers.base import Imported, Importer, shown
from data_mix.importers.bridge import BRIDGE
from data_mix.importers.chat import MESSAGES, SHAREGPT
from data_mix.importers.cima import CIMA
from data_mix.importers.hh import HH
from data_mix.importers.instructions import ALPACA, AYA, MAGPIE, QUESTION_ANSWER
from data_mix.importers.lmsys import LMSYS
from data_mix.importers.mathdial import MATHDIAL
from data_mix.importers.oasst import OASST
from data_mix.importers.pairs import PAIRS
from data_mix.importers.preferences import ONE_REPLY, PREFERENCE
from data_mix.importers.prosocial import PROSOCIAL
from data_mix.importers.task_dialogues import SGD, TASKMASTER
from data_mix.importers.text import TEXT
from data_mix.importers.toefl import TOEFL
from data_mix.record import BadRecord
from espalier.messages import TEXT_ROLE, check_messages

__all__ = ["IMPORTERS", "Imported", "Importer", "convert", "detect"]

IMPORTERS: dict[str, Importer] = {
    importer.name: importer
    for importer in (
        HH,
        PREFERENCE,  # before all that it could be taken for, were it not said what is thought of its replies
        LMSYS,  # before messages, whose keys it has too
        MESSAGES,
        MAGPIE,  # before ShareGPT and Alpaca, whose keys it has too
        SHAREGPT,
        PROSOCIAL,
        SGD,
        TASKMASTER,
        MATHDIAL,
        CIMA,
        BRIDGE,
        TOEFL,
        ALPACA,
        AYA,
        QUESTION_ANSWER,
        OASST,
        PAIRS,
        TEXT,
    )
}
"""In the order in which a record's shape is tried."""


def detect(record: Any) -> str:
    """The name of a record's shape. Raises BadRecord when it is none that is known."""
    if isinstance(record, str):
        return TEXT.name
    if not isinstance(record, dict):
        raise BadRecord("not_object", f"a {type(record).__name__} where an object of keys and values is wanted")
    for name, importer in IMPORTERS.items():
        if importer.looks_like(record):
            return name
    keys = ", ".join(shown(key) for key in islice(record, 8)) or "none"
    raise BadRecord("unknown_shape", f"of no known shape (its keys: {keys}); known are {', '.join(IMPORTERS)}")


def convert(records: list[Any], format: str) -> tuple[str, list[Imported]]:
    """The shape and the rows of one record, or of the records of one dialogue; `format` is a shape or `auto`.

    What says which of its replies are good ones is a preference, also where it is said to be a conversation. Raises
    BadRecord when a record is not of the format, is malformed, or a row has nothing that could be trained on.
    """
    for record in records:
        if not isinstance(record, dict | str):
            raise BadRecord("not_object", f"a {type(record).__name__} where an object of keys and values is wanted")
    name = detect(records[0]) if format == "auto" else format
    if name in ONE_REPLY and isinstance(records[0], dict):
        # Told that it is a conversation, it may still say that its reply is a bad one, or that there is a better one.
        name = next((each.name for each in (HH, PREFERENCE) if each.looks_like(records[0])), name)
    if isinstance(records[0], str) and name != TEXT.name:
        raise BadRecord("not_object", f"a text where an object of the format {name} is wanted")
    rows = IMPORTERS[name].convert(records)
    if not rows:
        raise BadRecord("empty", "the record holds no conversation")
    for row in rows:
        _check(row)
    return name, rows


def _check(row: Imported) -> None:
    replies = [(key, reply) for key, reply in (("chosen", row.chosen), ("rejected", row.rejected)) if reply is not None]
    if replies and not row.messages:
        raise BadRecord("no_prompt", "there is no prompt that the reply answers")
    for key, reply in replies:
        if not reply or reply[-1]["role"] != "assistant":
            raise BadRecord("no_assistant_turn", f"{key} does not end with what the assistant says")
    for where, messages in (("", row.messages), *((f"{key}: ", reply) for key, reply in replies)):
        try:
            check_messages(messages)
        except ValueError as error:
            raise BadRecord("bad_messages", f"{where}{error}") from None
    if replies and row.messages[-1]["role"] in ("assistant", TEXT_ROLE):
        raise BadRecord(
            "prompt_ends_with_reply", "the prompt ends with what the assistant says, and not with a question"
        )
    if not replies and row.messages[0]["role"] != TEXT_ROLE and all(one["role"] != "assistant" for one in row.messages):
        raise BadRecord("no_assistant_turn", "the row has no assistant turn, so there is nothing to learn from it")
