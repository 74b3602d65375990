"""From a job to its file of refined rows: read, imported, filtered, measured. Runs in any process, on any node.

The file holds the rows in order, with what the later, global steps need of them (sizes, keys, signatures), so that
those never look at a text. It is put in place whole, and its tally after it: a job that was done is not done again.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from data_mix import curriculum
from data_mix.decontaminate import Grams
from data_mix.filters import Chain
from data_mix.importers import convert
from data_mix.jobs import Job
from data_mix.near_duplicates import hash_words, signatures
from data_mix.reading import Named, groups_of, records_of
from data_mix.recipe import Recipe, Source
from data_mix.refined import Draft, refined_schema, to_table
from data_mix.sources import BadRecord
from data_mix.stopwatch import Stopwatch
from data_mix.tally import Tally
from espalier import records
from espalier.errors import UserError
from espalier.rows import REPETITIVE

if TYPE_CHECKING:
    import numpy as np

BATCH = 1024
"""Records looked at together: enough to be quick, few enough to stay small."""
_COLLECT_EVERY = 64
NUM_HITS = 200
"""How many overlaps with evaluations are listed; all are counted."""


Batch = tuple[list[Draft], "np.ndarray | None"]
"""Rows, and the signatures of their words where near duplicates are looked for."""


@dataclass(kw_only=True)
class Facts:
    """What a job did, beside its rows."""

    tally: Tally = field(default_factory=Tally)
    rows: int = 0
    clock: Stopwatch = field(default_factory=Stopwatch)
    """Seconds by step."""
    hits: list[dict[str, str]] = field(default_factory=list)
    """Rows that overlap an evaluation: `{"id", "where", "gram"}`, the first few of them."""


@dataclass
class Refinery:
    """Does jobs. It is made once and sent to every process; what is heavy is made there, at the first job."""

    recipe: Recipe
    folder: Path
    """Where the files of refined rows go."""
    tokenizer: str | None
    """The counting tokenizer, as the text of its `tokenizer.json`."""
    grams: Grams | None
    """What the rows must not overlap."""

    def __getstate__(self) -> dict[str, Any]:
        kept = ("recipe", "folder", "tokenizer", "grams")
        return {key: value for key, value in self.__dict__.items() if key in kept}

    @cached_property
    def _counter(self) -> Any:
        from data_mix.counting import TokenCounter

        return TokenCounter(self.tokenizer) if self.tokenizer else None

    @cached_property
    def _chains(self) -> list[Chain]:
        return [Chain(self.recipe.filters_of(source)) for source in self.recipe.sources]

    def is_done(self, job: Job) -> bool:
        """Whether the job's files are there, and whole: a power cut may leave the last of them, and not the first."""
        facts = self.folder / f"{job.name}.json"
        if not facts.exists():
            return False
        sizes: dict[str, int] = records.read_json(facts)["files"]
        files = [self.folder / name for name in sizes]
        return all(file.exists() for file in files) and _sizes(files) == sizes

    def __call__(self, job: Job) -> str:
        """Do one job. Returns its name. Raises UserError for what the recipe does not let pass."""
        if not self.folder.is_dir():
            raise UserError(
                f"{self.folder}: not seen from {os.uname().nodename}; the nodes of a cluster must share the workspace "
                "and the sources under the same paths (ESPALIER_HOME)"
            )
        facts = Facts()
        # Rows hold no cycles, and looking for some among so many young objects would take a tenth of the time.
        gc.disable()
        temporary = self.folder / f".{job.name}.{os.getpid()}"
        try:
            self._write(job, facts, temporary)
            # Renamed before the tally is there: what has no tally does not count, and is written over.
            files = [self.folder / f"{job.name}{suffix}" for suffix in (".parquet", ".signatures")]
            for file in files:
                os.replace(f"{temporary}{file.suffix}", file)
        except BaseException:
            for left in self.folder.glob(f"{temporary.name}.*"):
                left.unlink(missing_ok=True)
            raise
        finally:
            gc.enable()
        done = {
            "rows": facts.rows,
            "tally": facts.tally.to_dict(),
            "seconds": facts.clock.seconds,
            "hits": facts.hits,
            "files": _sizes(files),
        }
        records.write_json(self.folder / f"{job.name}.json", done)
        return job.name

    def _write(self, job: Job, facts: Facts, temporary: Path) -> None:
        import pyarrow.parquet

        source = self.recipe.sources[job.source]
        batches = self._curriculum(job, facts) if job.curriculum else self._conversations(job, source, facts)
        with (
            pyarrow.parquet.ParquetWriter(
                f"{temporary}.parquet",
                refined_schema(),
                compression="lz4",
                use_dictionary=REPETITIVE,
                write_statistics=False,
            ) as file,
            open(f"{temporary}.signatures", "wb") as signed_file,
        ):
            for number, (drafts, signed) in enumerate(batches):
                if number % _COLLECT_EVERY == _COLLECT_EVERY - 1:
                    gc.collect()
                count = len(drafts) if source.rows is None else min(len(drafts), source.rows - facts.rows)
                if not count:
                    continue
                if signed is not None:
                    signed[:count].tofile(signed_file)
                with facts.clock("keys and columns"):
                    table = to_table(
                        drafts[:count],
                        source=source.label,
                        weight=source.weight,
                        valid_fraction=self.recipe.valid_fraction,
                        seed=self.recipe.seed,
                    )
                with facts.clock("store"):
                    file.write_table(table, row_group_size=BATCH)
                facts.rows += count
                if facts.rows == source.rows:
                    # The records that were read for the rest of this batch were looked at in vain.
                    facts.tally.dropped.update({"over_rows": len(drafts) - count} if len(drafts) > count else {})
                    break

    def _curriculum(self, job: Job, facts: Facts) -> Iterator[Batch]:
        assert job.curriculum is not None
        source = self.recipe.sources[job.source]
        assert source.curriculum is not None
        kind, split, start, stop = job.curriculum
        rows = curriculum.rows_between(source.curriculum, kind, split, start, stop, seed=self.recipe.seed)
        while True:
            with facts.clock("curriculum"):
                drafts = [Draft.of_row(row) for row in islice(rows, BATCH)]
            if not drafts:
                return
            facts.tally.read += len(drafts)
            facts.tally.formats[kind] += len(drafts)
            if self._counter:
                with facts.clock("tokens"):
                    self._count(drafts)
            yield drafts, None

    def _conversations(self, job: Job, source: Source, facts: Facts) -> Iterator[Batch]:
        """Batches of rows that passed every filter of their own."""
        chain = self._chains[job.source]
        limits = self.recipe.filters_of(source)
        groups = groups_of(records_of(job, self.recipe), source.format)
        while True:
            with facts.clock("read"):
                batch = list(islice(groups, BATCH))
            if not batch:
                return
            with facts.clock("import"):
                drafts = self._import(batch, source, facts.tally)
            with facts.clock("filters"):
                drafts = list(_filter(drafts, chain, facts.tally))
            if self._counter:
                with facts.clock("tokens"):
                    self._count(drafts)
                drafts = list(_by_length(drafts, limits.min_tokens, limits.max_tokens, facts.tally))
            yield self._compare(drafts, facts)

    def _compare(self, drafts: list[Draft], facts: Facts) -> Batch:
        """Without the rows that overlap an evaluation; with signatures, where near duplicates are asked for."""
        asked = self.recipe.duplicates
        if not drafts or not (self.grams or asked.near):
            return drafts, None
        with facts.clock("words"):
            hashed = hash_words([draft.words for draft in drafts])
        if self.grams:
            with facts.clock("decontaminate"):
                found = self.grams.hits(hashed)
            for at, hits in found.items():
                facts.tally.drop("in_an_evaluation", drafts[at].id, drafts[at].text)
                if len(facts.hits) < NUM_HITS:
                    facts.hits.append({"id": drafts[at].id, "where": hits[0].where, "gram": hits[0].gram})
            if found:
                clear = [at for at in range(len(drafts)) if at not in found]
                drafts, hashed = [drafts[at] for at in clear], hashed.only(clear)
        if not asked.near:
            return drafts, None
        with facts.clock("signatures"):
            signed = signatures(hashed, num_perm=asked.num_perm, ngram=asked.ngram)
        return drafts, signed

    def _import(self, batch: list[list[Named]], source: Source, tally: Tally) -> list[Draft]:
        drafts = []
        for group in batch:
            tally.read += len(group)
            place, first = group[0]
            row_id = f"{source.label}/{place}"
            try:
                for _, record in group:
                    if isinstance(record.value, BadRecord):
                        raise record.value
                shape, imported = convert([record.value for _, record in group], source.format)
            except BadRecord as problem:
                if source.on_bad_row == "error":
                    raise UserError(self._bad_row(source, place, problem)) from None
                tally.joined += len(group) - 1
                tally.drop(problem.reason, row_id, _raw(problem, first.value))
                continue
            tally.joined += len(group) - 1
            tally.split_off += len(imported) - 1
            tally.formats[shape] += len(imported)
            for number, conversation in enumerate(imported, start=1):
                own = row_id if number == 1 else f"{row_id}#{number}"
                drafts.append(Draft(id=own, messages=conversation.messages, meta=conversation.meta))
        return drafts

    def _bad_row(self, source: Source, place: str, problem: BadRecord) -> str:
        flag = f"--sources.{self.recipe.sources.index(source)}.on_bad_row drop"
        where = place
        if source.path is not None:
            path = self.recipe.locate(source.path)
            where = f"{path / place}" if path.is_dir() else f"{path.parent / place}"
        return f"{where}: {problem.detail}. Mend or remove it, or add {flag} to leave such rows out and count them"

    def _count(self, drafts: list[Draft]) -> None:
        counts = self._counter.count([message["content"] for draft in drafts for message in draft.messages])
        at = 0
        for draft in drafts:
            end = at + len(draft.messages)
            draft.num_tokens = sum(counts[at:end])
            at = end


def _filter(drafts: list[Draft], chain: Chain, tally: Tally) -> Iterator[Draft]:
    verdicts = chain.many((draft.messages, draft.meta) for draft in drafts)
    for draft, verdict in zip(drafts, verdicts, strict=True):
        if verdict.reason is not None:
            tally.drop(verdict.reason, draft.id, draft.text)
            continue
        tally.repaired.update(verdict.repairs)
        tally.identified += "language_score" in verdict.meta and verdict.meta is not draft.meta
        draft.messages, draft.meta, draft.words = verdict.messages, verdict.meta, verdict.words
        yield draft


def _by_length(drafts: list[Draft], least: int, most: int | None, tally: Tally) -> Iterator[Draft]:
    for draft in drafts:
        count = draft.num_tokens or 0
        if count < least:
            tally.drop("too_few_tokens", draft.id, draft.text)
        elif most is not None and count > most:
            tally.drop("too_many_tokens", draft.id, draft.text)
        else:
            yield draft


def _raw(problem: BadRecord, value: Any) -> str:
    """A record that could not be used, as far as it can be shown."""
    if isinstance(value, BadRecord):
        return problem.detail
    try:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
    except (TypeError, RecursionError):  # nested too deeply, integers beyond 64 bits, half characters
        text = "(cannot be shown)"
    return f"{problem.detail}: {text}"


def _sizes(files: list[Path]) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in files}
