"""The records of a job, wherever they lie, each with the name that its row will carry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from data_mix.importers import IMPORTERS, detect
from data_mix.importers.parts.keys import present
from data_mix.mixing.jobs import Job
from data_mix.reading.sources import BadRecord, Record
from data_mix.reading.spans import read_span
from data_mix.recipe import Recipe, Source

Named = tuple[str, Record]
"""`file.jsonl:12` and what stands there."""


def records_of(job: Job, recipe: Recipe) -> Iterator[Named]:
    """The records of one job of files or of a hub, in order. Raises UserError for a file that cannot be read on."""
    source = recipe.sources[job.source]
    if job.hub is not None:
        for record in job.hub.records(*job.shard):
            yield f"{source.hub_split}-{job.shard[0]}:{record.line}", record
    elif job.essays:
        yield from _of_essays(source, recipe)
    else:
        second = recipe.locate(source.paired_with) if source.paired_with else None
        for name, span in job.spans:
            for record in read_span(span, text_row=source.text_row, paired_with=second):
                yield f"{name}:{record.line}", _with_languages(record, source)


def _with_languages(record: Record, source: Source) -> Record:
    if source.languages and isinstance(record.value, dict):
        left, right = source.languages
        record.value.update(left_language=left, right_language=right)
    return record


def _of_essays(source: Source, recipe: Recipe) -> Iterator[Named]:
    from data_mix.importers.toefl import read_toefl

    assert source.path is not None
    annotations = recipe.locate(source.annotations) if source.annotations else None
    for number, essay in enumerate(read_toefl(recipe.locate(source.path), annotations), start=1):
        yield essay["file"], Record(line=number, value=essay)


def groups_of(records: Iterator[Named], format: str) -> Iterator[list[Named]]:
    """Records one by one, or, where they are turns of dialogues, those of each dialogue together."""

    def key(named: Named) -> object:
        place, record = named
        if isinstance(record.value, BadRecord):
            return place
        try:
            joins = IMPORTERS[detect(record.value) if format == "auto" else format].joins
            return (joins(present(record.value)) if joins else None) or place
        except BadRecord:
            return place

    if format != "auto" and IMPORTERS[format].joins is None:
        return ([named] for named in records)
    return (list(group) for _, group in groupby(records, key))
