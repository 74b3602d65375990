"""What a judge that learns nothing from the labels says of them: all replies at once, through the cache of verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from evaluation.cache import Cache
from evaluation.calibration.asking import Said
from evaluation.judges.base import DIMENSIONS, Judge
from evaluation.judges.labels import Labelled
from evaluation.scoring.records import Record
from evaluation.scoring.verdicts import add_verdicts


def at_once(
    judge: Judge,
    variants: Mapping[str, Sequence[Labelled | None]],
    *,
    cache: Cache,
    on_verdict: Callable[[int], None] = lambda judged: None,
) -> dict[str, Said]:
    """By name of the variant: what the judge says of each reply, of None nothing. Its verdict is the one nearest to
    its value.

    `on_verdict` hears how many replies of all variants were judged.
    """
    said, done = {}, 0
    for name, replies in variants.items():
        places = np.array([place for place, each in enumerate(replies) if each is not None], dtype=np.int64)
        records = add_verdicts(
            [_record(each, place) for place, each in enumerate(replies) if each is not None],
            judge,
            judge.dimensions,
            cache=cache,
            on_verdict=lambda judged, before=done: on_verdict(before + judged),  # type: ignore[misc]
        )
        said[name] = Said.nothing(len(replies))
        said[name].put(places, _said(records, judge.dimensions))
        done += len(places)
    on_verdict(done)
    return said


def _said(records: Sequence[Record], dimensions: Sequence[str]) -> Said:
    said = Said.nothing(len(records))
    for name in dimensions:
        values = np.array([record.metrics.get(name, np.nan) for record in records])
        worth = np.array(list(DIMENSIONS[name].values.values()))
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
