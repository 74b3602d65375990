"""The two files of MRBench: a JSON list of dialogues, each with tutors' replies (`data_mix/importers/mrbench.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data_mix.importers.mrbench import conversation, replies
from data_mix.reading.record import BadRecord
from espalier.artifacts.records import read_json
from espalier.errors import UserError
from evaluation.judges.label_files.entry import Entry


def read(path: Path) -> Iterator[Entry]:
    """The replies in order. UserError names file, dialogue and tutor of what cannot be read."""
    rows = read_json(path)
    if not isinstance(rows, list):
        raise UserError(f"{path}: no list of dialogues; a label file of MRBench is one")
    for number, row in enumerate(rows, start=1):
        name = str(row.get("conversation_id", number)) if isinstance(row, dict) else str(number)
        try:
            messages, answer = conversation(row)
            for each in replies(row):
                yield Entry(
                    dialogue=name,
                    tutor=each.tutor,
                    messages=messages,
                    reply=each.reply,
                    answer=answer,
                    labels=each.labels,
                )
        except BadRecord as problem:
            raise UserError(f"{path}: dialogue {number} ({name}): {problem.detail}") from None
