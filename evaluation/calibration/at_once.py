"""What a judge that learns nothing from the labels says of them: all replies at once, through the cache of verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.cache import Cache
from evaluation.calibration.asking import Said
from evaluation.judges.base import JUDGED, Judge
from evaluation.judges.labels import Labelled
from evaluation.scoring.records import Record
from evaluation.scoring.verdicts import add_verdicts, num_questions


def at_once(
    judge: Judge,
    variants: Mapping[str, Sequence[Labelled | None]],
    *,
    cache: Cache,
    on_verdict: Callable[[int], None] = lambda judged: None,
) -> dict[str, Said]:
    """By name of the variant: what the judge says of each reply, of None nothing. Its verdict is the one nearest to
    its value.

    A reply that stands in several variants is asked about once. `on_verdict` hears how many questions are answered.
    """
    places, records = _records(variants)
    judged = add_verdicts(records, judge, judge.dimensions, cache=cache, on_verdict=on_verdict)
    said, start = {}, 0
    for name, own in places.items():
        said[name] = Said.nothing(len(variants[name]))
        said[name].put(own, _said(judged[start : start + len(own)], judge.dimensions))
        start += len(own)
    return said


def questions(judge: Judge, variants: Mapping[str, Sequence[Labelled | None]], *, cache: Cache) -> tuple[int, int]:
    """How many questions `at_once` has, and how many of them were answered before."""
    return num_questions(_records(variants)[1], judge, cache=cache)


def _records(
    variants: Mapping[str, Sequence[Labelled | None]],
) -> tuple[dict[str, NDArray[np.int64]], list[Record]]:
    """By variant the places of its replies, and all of them, one variant after another."""
    there = {name: [(place, each) for place, each in enumerate(found) if each] for name, found in variants.items()}
    places = {name: np.array([place for place, _ in found], dtype=np.int64) for name, found in there.items()}
    return places, [_record(each, place) for found in there.values() for place, each in found]


def _said(records: Sequence[Record], dimensions: Sequence[str]) -> Said:
    said = Said.nothing(len(records))
    for name in dimensions:
        values = np.array([record.metrics.get(name, np.nan) for record in records])
        worth = np.array(list(JUDGED[name].values.values()))
        known = np.isfinite(values)
        said.values[name][:] = values
        said.decided[name][known] = np.abs(values[known, None] - worth).argmin(axis=1)
    return said


def _record(each: Labelled, place: int) -> Record:
    return Record(
        model=each.tutor,
        case=each.dialogue,
        turn=0,
        sample=place,
        num_turns=1,
        split="",
        cluster=each.problem,
        combination=(),
        tags=(),
        messages=each.messages,
        reply=each.reply,
        finish="stop",
        error="",
        num_tokens=0,
        log_likelihoods=(),
        metrics={},
        notes={},
        truth=None,
        reference=None,
        answer=each.answer,
        criteria="",
    )
