"""From a job to its file of refined rows: read, imported, filtered, measured. Runs in any process, on any node.

The file holds the rows in order, with what the later, global steps need of them (sizes, keys, signatures), so that
those never look at a text. It is put in place whole, and its tally after it: a job that was done is not done again.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from data_mix import curriculum
from data_mix.dedup.decontaminate import Grams
from data_mix.dedup.near_duplicates import signatures
from data_mix.filters.chain import Chain
from data_mix.importers import Imported, convert
from data_mix.mixing.job_records import Named, groups_of, records_of
from data_mix.mixing.jobs import Job
from data_mix.mixing.preferences import LeftOut, rows_of
from data_mix.mixing.refined import STORES, Draft, Store, hashed_words, to_table
from data_mix.mixing.sift import by_length, filtered, up_to
from data_mix.mixing.stopwatch import Stopwatch
from data_mix.mixing.tally import Tally
from data_mix.reading.sources import BadRecord
from data_mix.recipe import Recipe, Source
from espalier.artifacts import records
from espalier.errors import UserError

if TYPE_CHECKING:
    import numpy as np

BATCH = 1024
"""Records looked at together: enough to be quick, few enough to stay small."""
_COLLECT_EVERY = 64
NUM_HITS = 200
"""How many overlaps with evaluations are listed; all are counted."""


Batch = tuple[list[Draft], "np.ndarray | None"]
"""Rows and preferences, and the signatures of their words where near duplicates are looked for."""


@dataclass(kw_only=True)
class Facts:
    """What a job did, beside its rows."""

    tally: Tally = field(default_factory=Tally)
    stored: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STORES, 0))
    """How many of each kind are kept."""
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
        from data_mix.mixing.counting import TokenCounter

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
            ends = [f"{store}{suffix}" for store in STORES.values() for suffix in (".parquet", ".signatures")]
            for end in ends:
                os.replace(f"{temporary}{end}", self.folder / f"{job.name}{end}")
        except BaseException:
            for left in self.folder.glob(f"{temporary.name}.*"):
                left.unlink(missing_ok=True)
            raise
        finally:
            gc.enable()
        done = {
            **facts.stored,
            "tally": facts.tally.to_dict(),
            "seconds": facts.clock.seconds,
            "hits": facts.hits,
            "files": _sizes([self.folder / f"{job.name}{end}" for end in ends]),
        }
        records.write_json(self.folder / f"{job.name}.json", done)
        return job.name

    def _write(self, job: Job, facts: Facts, temporary: Path) -> None:
        source = self.recipe.sources[job.source]
        batches = self._curriculum(job, facts) if job.curriculum else self._conversations(job, source, facts)
        with ExitStack() as stack:
            stores = {kind: stack.enter_context(Store(f"{temporary}{name}")) for kind, name in STORES.items()}
            for number, (drafts, signed) in enumerate(batches):
                if number % _COLLECT_EVERY == _COLLECT_EVERY - 1:
                    gc.collect()
                count = up_to(source.rows, drafts, **facts.stored)
                for kind, store in stores.items():
                    mine = [at for at in range(count) if drafts[at].is_preference == (kind == "preferences")]
                    facts.stored[kind] += len(mine)
                    if mine:
                        self._store([drafts[at] for at in mine], source, store, facts.clock)
                        if signed is not None:
                            store.signatures.write(signed[mine].tobytes())
                if source.rows in facts.stored.values():
                    # The records that were read for the rest of this batch were looked at in vain.
                    facts.tally.dropped.update({"over_rows": len(drafts) - count} if len(drafts) > count else {})
                    break

    def _store(self, drafts: list[Draft], source: Source, store: Store, clock: Stopwatch) -> None:
        with clock("keys and columns"):
            table = to_table(drafts, source=source.label, weight=source.weight, recipe=self.recipe)
        with clock("store"):
            store.table.write_table(table, row_group_size=BATCH)

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
                drafts = list(filtered(drafts, chain, facts.tally))
            if self._counter:
                with facts.clock("tokens"):
                    sizes = self._count(drafts)
                drafts = list(by_length(drafts, sizes, limits.min_tokens, limits.max_tokens, facts.tally))
            yield self._compare(drafts, facts)

    def _compare(self, drafts: list[Draft], facts: Facts) -> Batch:
        """Without the rows that overlap an evaluation; with signatures, where near duplicates are asked for."""
        asked = self.recipe.duplicates
        if not drafts or not (self.grams or asked.near):
            return drafts, None
        with facts.clock("words"):
            hashed = hashed_words(drafts)
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
                values = [record.value for _, record in group]
                shape, imported = convert(values, source.format, ignored=frozenset(source.ignore_keys))
            except BadRecord as problem:
                if source.on_bad_row == "error":
                    raise UserError(self._bad_row(source, place, problem)) from None
                tally.joined += len(group) - 1
                tally.drop(problem.reason, row_id, _raw(problem, first.value))
                continue
            tally.joined += len(group) - 1
            tally.formats[shape] += len(imported)
            tally.ignore(imported[0].unread)
            given = list(self._rows(imported, row_id, source, place))
            tally.split_off += len(given) - 1
            for row in given:
                if isinstance(row, Draft):
                    drafts.append(row)
                else:
                    tally.drop(*row)
        return drafts

    def _rows(self, imported: list[Imported], row_id: str, source: Source, place: str) -> Iterator[Draft | LeftOut]:
        for number, found in enumerate(imported, start=1):
            own = row_id if number == 1 else f"{row_id}#{number}"
            if not found.is_preference:
                yield Draft(id=own, messages=found.messages, meta=found.meta, tools=found.tools)
            elif source.preferences == "refuse":
                flag = f"--sources.{self.recipe.sources.index(source)}.preferences"
                raise UserError(
                    f"{self._where(source, place)}: says which reply is a good one, and preferences are refused; "
                    f"{flag} both, keep, chosen or drop says what becomes of them"
                )
            else:
                yield from rows_of(own, found, source.preferences)

    def _bad_row(self, source: Source, place: str, problem: BadRecord) -> str:
        flag = f"--sources.{self.recipe.sources.index(source)}.on_bad_row drop"
        return (
            f"{self._where(source, place)}: {problem.detail}. Mend or remove it, or add {flag} to leave such rows out "
            "and count them"
        )

    def _where(self, source: Source, place: str) -> str:
        if source.path is None:
            return place
        path = self.recipe.locate(source.path)
        return f"{path / place}" if path.is_dir() else f"{path.parent / place}"

    def _count(self, drafts: list[Draft]) -> list[list[int]]:
        """Counts the tokens of every draft, and returns those of each of its conversations."""
        parts = [[part or [] for part in (draft.messages, draft.chosen, draft.rejected)] for draft in drafts]
        counts = iter(self._counter.count([said["content"] for draft in parts for part in draft for said in part]))
        sizes = []
        for draft, mine in zip(drafts, parts, strict=True):
            prompt, *replies = [sum(islice(counts, len(part))) for part in mine]
            draft.num_tokens = prompt + sum(replies)
            sizes.append([prompt + reply for reply, part in zip(replies, mine[1:], strict=True) if part] or [prompt])
        return sizes


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
