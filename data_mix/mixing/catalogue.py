"""The refined rows as numbers: where each lies, how big it is, which are said before, and how often each is taken.

About 60 bytes a row, so that a mix of many millions of rows is decided upon in little memory; no text is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray

from data_mix.dedup.duplicates import NO_KEY, Replies, canned, first_of_each
from data_mix.dedup.near_duplicates import choose_bands, near_duplicates_of_parts
from data_mix.mixing.jobs import Job
from data_mix.mixing.refined import STORES
from data_mix.mixing.shares import Allotment, allot, choose, rank
from data_mix.recipe import Duplicates, Recipe
from espalier.artifacts import records
from espalier.text.rows import messages_of

KEPT, SAME, SAME_TURN, NEAR, OVER_SHARE = range(5)
REASONS = {
    SAME: "duplicate",
    SAME_TURN: "same_first_turn",
    NEAR: "near_duplicate",
    OVER_SHARE: "over_share",
}
"""Why a refined row is left out after all."""


class Catalogue:
    """All refined rows of a recipe, in order; or all its preferences."""

    def __init__(self, recipe: Recipe, jobs: list[Job], folder: Path, *, of: str = "rows") -> None:
        self.recipe, self.jobs, self.folder, self.of = recipe, jobs, folder, of
        self.facts = [records.read_json(folder / f"{job.name}.json") for job in jobs]
        """What each job did (`refine.Facts`)."""
        counts = [found[of] for found in self.facts]
        self.starts: NDArray[np.int64] = np.cumsum([0, *counts], dtype=np.int64)
        """Where each job's rows begin, and the end."""
        num_rows = int(self.starts[-1])
        self.splits: list[str] = ["train", "valid"]
        """Names of the splits, by code."""
        self.split = np.zeros(num_rows, np.uint8)
        """(N,) the split of each row."""
        self.sizes = np.ones(num_rows, np.int32)
        """(N,) the size of each row in the recipe's unit."""
        self.keys = np.zeros((num_rows, 2), np.uint64)
        """(N, 2) the content key of each row."""
        self.fate = np.zeros(num_rows, np.uint8)
        """(N,) KEPT, or why not."""
        self.copies = np.ones(num_rows, np.uint16)
        """(N,) how often each row is taken."""
        size = {"tokens": ["num_tokens"], "bytes": ["num_bytes"], "rows": []}[recipe.unit]
        for here, table in self._read("split", "key", *size):
            self.split[here] = self._codes(table["split"])
            self.keys[here] = _halves(table["key"])
            if size:
                self.sizes[here] = table[size[0]].to_numpy()

    def rows_of(self, number: int) -> slice:
        """Where the rows of a source lie, by its number in the recipe."""
        mine = [at for at, job in enumerate(self.jobs) if job.source == number]
        return slice(int(self.starts[mine[0]]), int(self.starts[mine[-1] + 1])) if mine else slice(0, 0)

    def drop_duplicates(self, asked: Duplicates) -> dict[str, Any]:
        """Mark the rows of files that are said before, and return what the search for near ones found.

        Rows of the curriculum are no one's copies: they are independent draws, and their entropy is known as such.
        """
        of_files = self._of_files()
        if asked.exact:
            self._drop(np.flatnonzero(of_files), self.keys, SAME)
        if asked.first_user_turn:
            turns = np.zeros_like(self.keys)
            for here, table in self._read("turn"):
                turns[here] = _halves(table["turn"])
            self._drop(np.flatnonzero(of_files & (self.fate == KEPT)), turns, SAME_TURN)
        looked_at = of_files & (self.fate == KEPT)
        return self._drop_near(looked_at, asked) if asked.near and looked_at.any() else {}

    def _of_files(self) -> NDArray[np.bool_]:
        """(N,) whether a row is of a file or a hub, not of the curriculum."""
        found = np.zeros(len(self.fate), bool)
        for number in {job.source for job in self.jobs if job.curriculum is None}:
            found[self.rows_of(number)] = True
        return found

    def _drop(self, rows: NDArray[np.int64], keys: NDArray[np.uint64], fate: int) -> None:
        self.fate[rows[first_of_each(keys[rows]) >= 0]] = fate

    def _drop_near(self, looked_at: NDArray[np.bool_], asked: Duplicates) -> dict[str, Any]:
        rows = np.flatnonzero(looked_at)
        found = near_duplicates_of_parts(
            self._signatures(looked_at, asked.num_perm),
            len(rows),
            self.folder,
            num_perm=asked.num_perm,
            threshold=asked.threshold,
        )
        self.fate[rows[found.of >= 0]] = NEAR
        num_bands, rows_per_band = choose_bands(asked.threshold, asked.num_perm)
        return {
            "threshold": asked.threshold,
            "ngram": asked.ngram,
            "num_perm": asked.num_perm,
            "bands": num_bands,
            "rows_per_band": rows_per_band,
            "rows": len(rows),
            "found": int((found.of >= 0).sum()),
            "compared": found.compared,
            "buckets_capped": found.buckets_capped,
            "pairs_left_out": found.pairs_left_out,
            "rows_at_limit": found.rows_at_limit,
        }

    def _signatures(self, looked_at: NDArray[np.bool_], num_perm: int) -> Iterator[NDArray[np.uint32]]:
        for at in range(len(self.jobs)):
            mine = looked_at[self.starts[at] : self.starts[at + 1]]
            if mine.any():
                yield np.fromfile(self.file_of(at, ".signatures"), np.uint32).reshape(-1, num_perm)[mine]

    def keep_equal_together(self) -> None:
        """Puts every conversation that is also the reply to a preference's prompt on the side of that prompt, so that
        equal ones of files stay on one side, and what is held out as a preference is not trained on as a conversation.
        """
        replies = np.zeros(len(self.fate), bool)
        for here, table in self._read("is_reply"):
            replies[here] = table["is_reply"].to_numpy(zero_copy_only=False)
        if not replies.any():
            return
        rows = np.flatnonzero(self._of_files())
        rows = rows[np.argsort(~replies[rows], kind="stable")]  # so that the first of equal ones is a reply if one is
        first = first_of_each(self.keys[rows])
        leader = rows[np.where(first < 0, np.arange(len(rows)), first)]
        led = replies[leader]
        self.split[rows[led]] = self.split[leader[led]]

    def take_shares(self) -> tuple[Allotment | None, dict[str, int]]:
        """Decide how often each row is taken, so that every source has its share; the rest are marked as over it.

        Returns the allotment of the training split, and how much each source gives to `valid`. Raises UserError where
        a source cannot fill its share and the recipe does not say what then.
        """
        recipe = self.recipe
        shares = {source.label: source.share for source in recipe.sources if source.share is not None}
        if not shares:
            return None, {}
        ranks = rank(self.keys[:, 1], recipe.seed)
        available = {}
        for number, source in enumerate(recipe.sources):
            here = self.rows_of(number)
            chosen = (self.fate[here] == KEPT) & (self.split[here] == 0)
            available[source.label] = int(self.sizes[here][chosen].sum(dtype=np.int64))
        allotted = allot(
            available, shares, total=recipe.total, shortfall=recipe.shortfall, max_copies=recipe.max_copies,
            unit=recipe.unit,
        )  # fmt: skip
        fraction = recipe.valid_fraction
        held_out = {name: round(target * fraction / (1 - fraction)) for name, target in allotted.targets.items()}
        for number, source in enumerate(recipe.sources):
            for code, target in ((0, allotted.targets[source.label]), (1, held_out[source.label])):
                here = self.rows_of(number)
                rows = here.start + np.flatnonzero((self.fate[here] == KEPT) & (self.split[here] == code))
                sizes = self.sizes[rows].astype(np.int64)
                most = target if code == 0 else min(target, int(sizes.sum()))
                self.copies[rows] = choose(sizes, ranks[rows], most)
        self.copies[self.fate != KEPT] = 0
        self.fate[(self.fate == KEPT) & (self.copies == 0)] = OVER_SHARE
        return allotted, held_out

    def replies(self) -> dict[str, Replies]:
        """How often each source of files repeats its replies, over the rows that stay."""
        return canned(dict(self._replies()))

    def reply(self, source: str, key: int) -> str:
        """The reply of a source that has this key."""
        from data_mix.dedup.duplicates import reply_keys

        number = [one.label for one in self.recipe.sources].index(source)
        for at, job in enumerate(self.jobs):
            if job.source == number:
                table = pyarrow.parquet.read_table(self.file_of(at), columns=["replies", "messages"])
                rows = pyarrow.compute.list_parent_indices(table["replies"])
                found = pyarrow.compute.index(pyarrow.compute.list_flatten(table["replies"]), key).as_py()
                if found >= 0:
                    messages = messages_of(table["messages"][rows[found].as_py()].as_py())
                    spoken = [message["content"] for message in messages if message["role"] == "assistant"]
                    return str(spoken[reply_keys(messages).index(key)])
        raise KeyError(f"{source} has no reply with the key {key}")

    def repeats(self) -> dict[str, dict[str, int]]:
        """For each split, rows equal (but for letter case and white space) to an earlier one and to one of `train`."""
        found = {}
        train = np.unique(self.keys[(self.fate == KEPT) & (self.split == 0), 1])
        for code, name in enumerate(self.splits):
            mine = (self.fate == KEPT) & (self.split == code)
            copies = self.copies[mine].astype(np.int64)
            keys = self.keys[mine, 1]
            both = 0 if code == 0 else int(copies[np.isin(keys, train)].sum())
            found[name] = {"within": int(copies.sum()) - len(np.unique(keys)), "in_train": both}
        return found

    def _replies(self) -> Iterator[tuple[str, NDArray[np.uint64]]]:
        for number, source in enumerate(self.recipe.sources):
            if source.curriculum is None:
                here = self.rows_of(number)
                kept = self.fate == KEPT
                yield (
                    source.label,
                    np.concatenate(
                        [
                            pyarrow.compute.list_flatten(table["replies"].filter(pyarrow.array(kept[rows]))).to_numpy()
                            for rows, table in self._read("replies", source=number)
                        ]
                        or [np.zeros(0, np.uint64)]
                    )
                    if here.stop > here.start
                    else np.zeros(0, np.uint64),
                )

    def _read(self, *columns: str, source: int | None = None) -> Iterator[tuple[slice, pyarrow.Table]]:
        for at, job in enumerate(self.jobs):
            if source is None or job.source == source:
                here = slice(int(self.starts[at]), int(self.starts[at + 1]))
                yield here, pyarrow.parquet.read_table(self.file_of(at), columns=list(columns))

    def file_of(self, at: int, suffix: str = ".parquet") -> Path:
        """A file of a job, by the number of the job."""
        return self.folder / f"{self.jobs[at].name}{STORES[self.of]}{suffix}"

    def _codes(self, column: pyarrow.ChunkedArray) -> NDArray[np.uint8]:
        encoded = column.combine_chunks().dictionary_encode()
        names = encoded.dictionary.to_pylist()
        self.splits += [name for name in names if name not in self.splits]
        codes = np.array([self.splits.index(name) for name in names], np.uint8)
        found: NDArray[np.uint8] = codes[encoded.indices.to_numpy()] if names else np.zeros(0, np.uint8)
        return found


def _halves(column: pyarrow.ChunkedArray) -> NDArray[np.uint64]:
    """(N, 2) uint64 from a column of 16-byte keys; zeros (NO_KEY) where there is none."""
    filled = pyarrow.compute.fill_null(column.combine_chunks(), NO_KEY)
    if not len(filled):
        return np.zeros((0, 2), np.uint64)
    whole = np.frombuffer(filled.buffers()[1], "<u8").reshape(-1, 2)
    return whole[filled.offset : filled.offset + len(filled)]
