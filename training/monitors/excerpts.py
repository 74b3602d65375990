"""Excerpts of packed rows: a beginning, and how the row goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from data_mix.packing.pack import Pack


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """A row as far as it is looked at."""

    row: str
    """The row's id."""
    source: str
    """Where the row comes from."""
    given: list[int]
    """Its tokens up to the place from which it is continued."""
    goes_on: list[int]
    """Its tokens from there on."""

    @property
    def shape(self) -> tuple[str, int]:
        """What excerpts that are alike have in common: source, and length to a factor of two."""
        return self.source, len(self.given).bit_length()


def drawn(pack: Pack, sequences: Iterable[int], given: int, tokens: int, chance: np.random.Generator) -> list[Excerpt]:
    """An excerpt of one row of each sequence, a longer row being the likelier; no row twice.

    It goes on for `tokens` trained tokens from the first place that has `given` before it and so many in a row. A row
    that has none, or not all of whose beginning lies in the sequence, is left out.
    """
    found: dict[int, Excerpt] = {}
    for sequence in map(int, sequences):
        rows = np.asarray(pack.rows[sequence])
        place = int(chance.integers(max(1, int((rows >= 0).sum()))))
        row = int(rows[place])
        begin = place - int(pack.positions[sequence, place])
        if row < 0 or row in found:
            continue
        end = begin + int((rows[begin:] == row).cumprod().sum())
        trained = np.asarray(pack.turn_weights[sequence, begin + given - 1 : end]) > 0
        if len(trained) < tokens:
            continue
        starts = np.flatnonzero(np.lib.stride_tricks.sliding_window_view(trained, tokens).all(axis=1))
        if len(starts):
            start = begin + given - 1 + int(starts[0])
            found[row] = Excerpt(
                row=pack.row_ids[row],
                source=_sources(pack.folder)[row],
                given=pack.inputs[sequence, begin : start + 1].tolist(),
                goes_on=pack.labels[sequence, start : start + tokens].tolist(),
            )
    return list(found.values())


def matched(excerpts: Sequence[Excerpt], others: Iterable[Excerpt]) -> tuple[list[Excerpt], list[Excerpt]]:
    """Those excerpts for which another of the same shape is there, and these others, each used once."""
    waiting: dict[Any, list[Excerpt]] = defaultdict(list)
    for other in others:
        waiting[other.shape].append(other)
    pairs = [(each, waiting[each.shape].pop()) for each in excerpts if waiting[each.shape]]
    return [one for one, _ in pairs], [other for _, other in pairs]


@lru_cache(maxsize=4)
def _sources(folder: Path) -> Sequence[str]:
    """The source of each row of a pack."""
    import pyarrow.parquet

    names: list[str] = pyarrow.parquet.read_table(folder / "rows.parquet", columns=["source"])["source"].to_pylist()
    return names
