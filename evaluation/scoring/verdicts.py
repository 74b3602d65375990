"""What judges say of the replies, through the cache, and the pedagogy score that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from evaluation.cache import Cache, key_of
from evaluation.judges.base import Item, Judge, Verdict
from evaluation.metrics.base import Score
from evaluation.scoring.pedagogy import PEDAGOGY, pedagogy_score
from evaluation.scoring.records import Record
from evaluation.scoring.sameness import sameness

_AT_ONCE = 64
"""Replies judged between two writes to the cache."""


def add_verdicts(
    records: Sequence[Record],
    judge: Judge,
    dimensions: Sequence[str],
    *,
    cache: Cache,
    on_verdict: Callable[[int], None] = lambda judged: None,
) -> list[Record]:
    """The records with a column for each dimension that the judge decided, and a note on what it said.

    `on_verdict` hears how many replies were judged by now. The same reply to the same words is judged once.
    """
    keys, distinct = _questions(records, judge)
    known = {key: _verdicts(found) for key, found in cache.get(sorted(distinct)).items()}
    wanted = [key for key in distinct if key not in known]
    for start in range(0, len(wanted), _AT_ONCE):
        on_verdict(len(known))
        some = wanted[start : start + _AT_ONCE]
        found = dict(zip(some, judge.judge([distinct[key] for key in some]), strict=True))
        known |= found
        cache.put((key, _plain(verdicts)) for key, verdicts in found.items() if not _failed(verdicts))
    on_verdict(len(known))
    return [
        _with(record, known[keys[place]], dimensions) if place in keys else record
        for place, record in enumerate(records)
    ]


def num_questions(records: Sequence[Record], judge: Judge, *, cache: Cache) -> tuple[int, int]:
    """How many different replies to different words there are, and to how many of them the verdicts are known."""
    _, distinct = _questions(records, judge)
    return len(distinct), len(cache.get(sorted(distinct)))


def add_pedagogy(records: Sequence[Record]) -> list[Record]:
    """The records with how far a model says the same to everyone, and the score where its verdicts are known."""
    scored = []
    for record, same in zip(records, _sameness(records), strict=True):
        for name, score in same.items():
            record = _scored(record, name, score)
        scored.append(_scored(record, PEDAGOGY.name, pedagogy_score(record.metrics)))
    return scored


def _questions(records: Sequence[Record], judge: Judge) -> tuple[dict[int, str], dict[str, Item]]:
    """Of each record that can be judged the key of its verdicts, by place; and what is asked under each key."""
    items = {
        place: _item(record) for place, record in enumerate(records) if record.finish != "error" and record.messages
    }
    identity = judge.identity
    keys = {place: key_of(["verdict", identity, asdict(item)]) for place, item in items.items()}
    return keys, {key: items[place] for place, key in keys.items()}


def _sameness(records: Sequence[Record]) -> list[dict[str, Score]]:
    """Of each record among its model's; nothing of a reply that is no speech."""
    found: list[dict[str, Score]] = [{} for _ in records]
    spoken: dict[str, list[int]] = {}
    for place, record in enumerate(records):
        if record.finish != "error" and record.messages:
            spoken.setdefault(record.model, []).append(place)
    for places in spoken.values():
        scores = sameness(
            [_item(records[place]) for place in places],
            [records[place].cluster or records[place].case for place in places],
        )
        for place, score in zip(places, scores, strict=True):
            found[place] = score
    return found


def _scored(record: Record, name: str, score: Score) -> Record:
    if score.value is None:
        return record
    notes = record.notes | ({name: {"why": score.why}} if score.why else {})
    return replace(record, metrics=record.metrics | {name: score.value}, notes=notes)


def _item(record: Record) -> Item:
    return Item(messages=record.messages, reply=record.reply, answer=record.answer, criteria=record.criteria)


def _with(record: Record, verdicts: dict[str, Verdict], dimensions: Sequence[str]) -> Record:
    values = {name: verdicts[name].value for name in dimensions if name in verdicts}
    notes = {name: _note(verdicts[name]) for name in dimensions if name in verdicts}
    return replace(
        record,
        metrics=record.metrics | {name: value for name, value in values.items() if value is not None},
        notes=record.notes | {name: note for name, note in notes.items() if note},
    )


def _note(verdict: Verdict) -> dict[str, Any]:
    said: dict[str, Any] = {"why": verdict.why} if verdict.why else {}
    if verdict.votes:
        said["votes"] = verdict.votes
    if verdict.value is None:
        said["abstained"] = True
    if verdict.failed:
        said["failed"] = True
    return said


def _failed(verdicts: dict[str, Verdict]) -> bool:
    return any(verdict.failed for verdict in verdicts.values())


def _plain(verdicts: dict[str, Verdict]) -> dict[str, Any]:
    return {name: asdict(verdict) for name, verdict in verdicts.items()}


def _verdicts(data: dict[str, Any]) -> dict[str, Verdict]:
    return {name: Verdict(**found) for name, found in data.items()}
