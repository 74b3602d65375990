"""Errands: what a user and an assistant say to each other to book a table or order a coffee.

    sgd          Schema-Guided Dialogue (Rastogi et al. 2020): {"turns": [{"speaker": "USER" or "SYSTEM", "utterance"}],
                 "services": ["Restaurants_1"], …}
    taskmaster   Taskmaster (Byrne et al. 2019): {"utterances": [{"speaker": "user" or "assistant", "text"}],
                 "vertical", …}

Only what is said is read, not the annotations of it. What one speaker says in several turns in a row is one message.
"""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, join_neighbours, list_of, one, short
from data_mix.importers.parts.speakers import SPEAKERS
from data_mix.importers.parts.turns import NUMBERS, turns

_SGD = SPEAKERS | {"SYSTEM": "assistant", "system": "assistant"}
_SGD_KNOWN = frozenset(("dialogue_id", "services", "turns"))
_TASKMASTER_KNOWN = frozenset(
    ("conversation_id", "instruction_id", "vertical", "scenario", "instructions", "utterances")
)
_KNOWN_OF_TURNS = NUMBERS | {"frames", "segments", "annotations"}
_MAX_SERVICES = 8


def from_sgd(record: Any) -> Imported:
    """The dialogue; in `meta.services` the names of the services that it uses."""
    messages, unread = turns(
        list_of(record, "turns"), role="speaker", content="utterance", speakers=_SGD, known=_KNOWN_OF_TURNS
    )
    services = record.get("services")
    names = services[:_MAX_SERVICES] if isinstance(services, list) else []
    fit = [name for name in names if isinstance(name, str) and short(name=name)]
    return Imported(messages=join_neighbours(messages), meta={"services": fit} if fit else {}, unread=unread)


def from_taskmaster(record: Any) -> Imported:
    """The dialogue; in `meta.vertical` what it is about."""
    messages, unread = turns(list_of(record, "utterances"), role="speaker", content="text", known=_KNOWN_OF_TURNS)
    vertical = record.get("vertical")
    meta = short(vertical=vertical) if isinstance(vertical, str) else {}
    return Imported(messages=join_neighbours(messages), meta=meta, unread=unread)


def _speaks(record: dict[str, Any], key: str, said: str) -> bool:
    found = record.get(key)
    first = found[0] if isinstance(found, list) and found else None
    return isinstance(first, dict) and "speaker" in first and said in first


SGD = Importer(
    name="sgd",
    order=40,  # before messages, whose keys it has too
    looks_like=lambda record: _speaks(record, "turns", "utterance"),
    convert=one(from_sgd),
    keys=_SGD_KNOWN,
)
TASKMASTER = Importer(
    name="taskmaster",
    order=50,
    looks_like=lambda record: _speaks(record, "utterances", "text"),
    convert=one(from_taskmaster),
    keys=_TASKMASTER_KNOWN,
)
