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
        LMSYS,  # before messages, whose keys it has too
        MESSAGES,
        MAGPIE,  # before ShareGPT and Alpaca, whose keys it has too
        SHAREGPT,
        PROSOCIAL,
        HH,
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

    Raises BadRecord when a record is not of the format, is malformed, or a row has nothing that could be trained on.
    """
    for record in records:
        if not isinstance(record, dict | str):
            raise BadRecord("not_object", f"a {type(record).__name__} where an object of keys and values is wanted")
    name = detect(records[0]) if format == "auto" else format
    if isinstance(records[0], str) and name != TEXT.name:
        raise BadRecord("not_object", f"a text where an object of the format {name} is wanted")
    rows = IMPORTERS[name].convert(records)
    if not rows:
        raise BadRecord("empty", "the record holds no conversation")
    for row in rows:
        try:
            check_messages(row.messages)
        except ValueError as error:
            raise BadRecord("bad_messages", str(error)) from None
        if row.messages[0]["role"] != TEXT_ROLE and all(one["role"] != "assistant" for one in row.messages):
            raise BadRecord("no_assistant_turn", "the row has no assistant turn, so there is nothing to learn from it")
    return name, rows
