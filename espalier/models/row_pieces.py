"""Packed rows as pieces that one call of attention computes: short rows in groups, long ones in stretches.

Rows of about one length are filled up to one length, and computed together. A stretch is a long row, or of one that is
longer than the window some queries and the keys in their reach: it alone needs a mask, a small one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
import torch

Tensor = torch.Tensor

_SHORT = 256
"""Rows of fewer tokens are copied into groups; longer ones are computed where they lie."""
_LANES = 16
"""Lengths are rounded up to a multiple of so many tokens where few are missing, which is faster than the odd rest."""
_SHORTEST_STRETCH, _LONGEST_STRETCH = 64, 512
"""Queries of a stretch: about the window's, so that few of their keys are out of reach."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Queries from `start` to `stop` of the flattened sequences, which see keys from `first_key` on."""

    start: int
    stop: int
    first_key: int
    is_first: bool
    """Whether a row begins here: then each query sees all keys before it, within the window as they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The pieces of packed sequences: groups, then stretches; every token is a query of one of them."""

    groups: Sequence[tuple[int, int]]
    """How many rows, filled up to how many tokens."""
    places: Tensor
    """(M,) int64: where the tokens of all groups stand; a row is filled up by its last one."""
    filling: Tensor
    """int64: which of them fill up."""
    stretches: Sequence[Stretch]
    order: Tensor | None
    """(T,) int64: where each token's result stands in those of all pieces, one after the other; None where in order."""

    def queries(self, states: Tensor, dtype: torch.dtype, *, filled: bool = True) -> list[Tensor]:
        """`states` (T, H, …) of the queries of each piece, (n, H, L, …); where not `filled`, rows are with zeros."""
        lying = [_batch(states.to(dtype), each.start, 1, each.stop - each.start) for each in self.stretches]
        return self._groups(states, dtype, filled) + lying

    def keys(self, states: Tensor, dtype: torch.dtype) -> list[Tensor]:
        """The same of the keys that they see."""
        lying = [_batch(states.to(dtype), each.first_key, 1, each.stop - each.first_key) for each in self.stretches]
        return self._groups(states, dtype, True) + lying

    def _groups(self, states: Tensor, dtype: torch.dtype, filled: bool) -> list[Tensor]:
        if not self.groups:
            return []
        taken = _rows_of(states, self.places).to(dtype)
        if not filled:
            taken.index_fill_(0, self.filling, 0.0)
        ends = accumulate(count * length for count, length in self.groups)
        return [
            _batch(taken, end - count * length, count, length)
            for (count, length), end in zip(self.groups, ends, strict=True)
        ]

    def masks(self, window: int) -> list[Tensor | None]:
        """What each piece is to be told besides that it is causal: which keys (L, K) its queries see; or nothing."""
        found: list[Tensor | None] = [None] * len(self.groups)
        for stretch in self.stretches:
            num_keys = stretch.stop - stretch.first_key
            found.append(None if stretch.is_first else band(stretch.stop - stretch.start, num_keys, window))
        return found

    def collect(self, parts: list[Tensor]) -> Tensor:
        """Results of the queries of each piece, (n, H, L, …), as (T, H, …). None of `parts` is kept."""
        flat = [part.transpose(1, 2).flatten(0, 1) for part in parts]
        parts.clear()
        joined = torch.cat(flat) if len(flat) > 1 else flat[0].contiguous()
        del flat
        return joined if self.order is None else _rows_of(joined, self.order)


def plan(bounds: Tensor, window: int, *, worth: int, block: int = 0) -> Plan:
    """Pieces for rows that begin at `bounds` (n,), which is filled up with the end, of layers that see `window` tokens.

    Rows are filled up to be computed together where this adds fewer than `worth` pairs of a query and a key each, which
    is what a call costs. Where `block` is given, no stretch has more queries.
    """
    places = bounds.cpu().numpy()
    used = places[: int(np.searchsorted(places, places[-1])) + 1]
    return _plan(used.tobytes(), window, worth, block, bounds.device)


@lru_cache(maxsize=8)
def _plan(bounds: bytes, window: int, worth: int, block: int, device: torch.device) -> Plan:
    """Remembered: all layers, forward and backward, ask for the same."""
    places = np.frombuffer(bounds, np.int32).tolist()
    short: list[tuple[int, int]] = []
    stretches: list[Stretch] = []
    for start, stop in pairwise(places):
        end = min(stop, start + (window or stop), start + (block or stop))
        if end - start < _SHORT:
            short.append((start, end))
        else:
            stretches.append(Stretch(start=start, stop=end, first_key=start, is_first=True))
        step = block or min(max(window, _SHORTEST_STRETCH), _LONGEST_STRETCH)
        for begin in range(end, stop, step):
            first_key = max(start, begin - window + 1) if window else start
            end = min(begin + step, stop)
            stretches.append(Stretch(start=begin, stop=end, first_key=first_key, is_first=False))
    groups = _groups(short, worth)
    taken = [_filled_up(group) for group in groups]
    flat = np.concatenate([table.ravel() for table in taken]) if taken else np.empty(0, np.int64)
    filling = [_beyond(group, table) for group, table in zip(groups, taken, strict=True)]
    return Plan(
        groups=[table.shape for table in taken],
        places=torch.from_numpy(flat).to(device),
        filling=torch.from_numpy(np.flatnonzero(np.concatenate(filling)) if filling else flat).to(device),
        stretches=stretches,
        order=_order(np.concatenate([flat, *(np.arange(each.start, each.stop) for each in stretches)]), device),
    )


def _groups(rows: list[tuple[int, int]], worth: int) -> list[list[tuple[int, int]]]:
    """Rows by length, the longest first, in groups in which each may as well be filled up to the longest."""
    groups: list[list[tuple[int, int]]] = []
    longest = 0
    for start, stop in sorted(rows, key=lambda row: row[0] - row[1]):
        if not groups or longest**2 - (stop - start) ** 2 > worth:
            groups.append([])
            longest = stop - start
        groups[-1].append((start, stop))
    return groups


def _filled_up(group: list[tuple[int, int]]) -> np.ndarray:
    """(n, L) places of the tokens of rows."""
    longest = group[0][1] - group[0][0]
    missing = -longest % _LANES
    ramp = np.arange(longest + (missing if missing <= _LANES // 2 else 0))
    return np.array([np.minimum(start + ramp, stop - 1) for start, stop in group])


def _beyond(group: list[tuple[int, int]], places: np.ndarray) -> np.ndarray:
    """(n * L,) bool: which of the places only fill up."""
    lengths = np.array([stop - start for start, stop in group])
    return (np.arange(places.shape[1]) >= lengths[:, None]).ravel()


def _order(places: np.ndarray, device: torch.device) -> Tensor | None:
    """Where each token first stands in `places`; None where that is in order."""
    tokens, order = np.unique(places, return_index=True)
    return None if len(tokens) == len(places) and (order == tokens).all() else torch.from_numpy(order).to(device)


@lru_cache(maxsize=8)
def band(num_queries: int, num_keys: int, window: int) -> Tensor:
    """(L, K) bool: which of `num_keys` keys the last queries of a stretch see, at most `window` of them if not 0."""
    before = num_keys - num_queries
    seen = torch.ones(num_queries, num_keys, dtype=torch.bool).tril(before)
    return seen.triu(before - window + 1) if window else seen


def _rows_of(states: Tensor, places: Tensor) -> Tensor:
    """Rows of (T, H, …); as a matrix, which torch copies from several times faster."""
    taken = states.flatten(1).index_select(0, places)
    return taken.view(len(places), *states.shape[1:])


def _batch(states: Tensor, start: int, count: int, length: int) -> Tensor:
    """From `start` on, `count` rows of `length` tokens of `states` (T, H, …): (count, H, length, …), a view.

    In one step: there are many, and one takes as long as ten thousand multiplications.
    """
    per_token, *inner = states.stride()
    _, num_heads, *rest = states.shape
    return states.as_strided(
        (count, num_heads, length, *rest),
        (length * per_token, inner[0], per_token, *inner[1:]),
        states.storage_offset() + start * per_token,
    )
