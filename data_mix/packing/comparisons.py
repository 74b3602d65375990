"""Preferences in a pack: replies to one prompt lie together in one sequence, each a row with what is thought of it.

A *group* is what is compared: the two replies of a pair, or all single replies to one prompt. It is never parted, for
its replies have to be met in one step; single replies that do not fit one sequence are compared in parts. Only replies
are trained, the prompt never, and all replies of a group stand behind the same ids.

What is thought of a reply is a number in each of some *columns*, NaN where nobody said: first `preferred`, 1 for a
chosen reply and 0 for a rejected one, then whatever a single reply's `meta["ratings"]` names, as it is rated there.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from data_mix.packing.best_fit import best_fit
from data_mix.packing.building import Counts, Packing
from data_mix.packing.rendering import BATCH, BadRows, Rendering
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer, Rendered
from espalier.text.messages import TEXT_ROLE, Message
from espalier.text.ratings import PREFERRED, check_ratings
from espalier.text.rows import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparisonCounts(Counts):
    """What became of a split's preferences; `rows` and `packed` count them, and not their replies."""

    replies: int
    """Replies in the pack: its rows."""
    groups: int
    """Groups that they make."""
    pairs: dict[str, int]
    """By column, how many pairs of a greater and a lesser number there are within groups."""
    unpaired: int
    """Groups whose replies no column tells apart."""
    long_groups: int
    """Left out because their replies, or a single one, do not fit one sequence."""
    cut_groups: int
    """Groups of single replies that are compared in parts, for they do not fit one sequence."""
    equal_replies: int
    """Left out because both replies are the same as the chat template shows them."""
    replies_apart: int
    """Left out because a reply of several turns would have to be shown in several sequences."""


class Reply(NamedTuple):
    """One reply of a group."""

    row: Row
    rendered: Rendered
    targets: np.ndarray
    """(C,) float32: what is thought of it, by column."""


def columns_of(rows: Iterable[Row]) -> list[str]:
    """What is said of replies: `preferred`, and what ratings name, in alphabetical order."""
    return [PREFERRED, *sorted({name for row in rows for name in _ratings(row)} - {PREFERRED})]


def build_comparisons(
    renderer: ChatRenderer,
    columns: list[str],
    bad_rows: BadRows,
    rows: Iterable[Row],
    folder: Path,
    seq_len: int,
) -> ComparisonCounts:
    """Render the preferences and write them into `folder`, which is made; returns what became of them."""
    folder.mkdir()
    grouping = _Grouping(renderer, columns, bad_rows, seq_len)
    number, replies = 0, 0
    packed: set[str] = set()
    more = {"row_group": (np.int32, 0), "row_targets": (np.float32, len(columns))}
    pairs, unpaired = np.zeros(len(columns), int), 0
    with Packing(folder, seq_len, more) as packing:
        for group in grouping.groups(rows):
            facts = [{"row_group": number, "row_targets": reply.targets, **_weight(reply.row)} for reply in group]
            packing.add_together([(*reply[:2], more) for reply, more in zip(group, facts, strict=True)])
            number, replies = number + 1, replies + len(group)
            packed.update(reply.row.id for reply in group)
            found = num_pairs(np.stack([reply.targets for reply in group]))
            pairs, unpaired = pairs + found, unpaired + (not found.any())
    tally: dict[str, Any] = grouping.tally | packing.counts
    return ComparisonCounts(
        **tally,
        packed=len(packed),
        replies=replies,
        groups=number,
        pairs=dict(zip(columns, pairs.tolist(), strict=True)),
        unpaired=unpaired,
    )


def places_taken(renderer: ChatRenderer, rows: Iterable[Row]) -> list[int]:
    """Places that each pair or single reply takes in a sequence; what cannot be shown is left out."""
    grouping = _Grouping(renderer, [PREFERRED], "drop", seq_len=0)
    return [sum(map(_places, replies)) for replies in grouping.rendered(rows)]


def num_pairs(targets: np.ndarray) -> np.ndarray:
    """(C,) int: pairs of a greater and a lesser number, by column, among those of some replies (n, C)."""
    found: np.ndarray = (targets[:, None] > targets[None]).sum(axis=(0, 1))
    return found


class _Grouping(Rendering):
    """The groups of a split, encoded many rows at a time, and the count of what was left out."""

    def __init__(self, renderer: ChatRenderer, columns: list[str], bad_rows: BadRows, seq_len: int) -> None:
        super().__init__(renderer, "preference", bad_rows)
        self._columns, self._seq_len = columns, seq_len
        self.tally |= dict.fromkeys(("long_groups", "cut_groups", "equal_replies", "replies_apart"), 0)

    def groups(self, rows: Iterable[Row]) -> Iterator[list[Reply]]:
        """Pairs as they come; then single replies, all that answer one prompt together, in the order of their prompts.

        Single replies are held until all are read, as ids.
        """
        single: dict[bytes, list[Reply]] = {}
        for replies in self.rendered(rows):
            if len(replies) == 1:
                single.setdefault(_prompt_of(replies[0].row), []).append(replies[0])
            elif self._is_whole(replies):
                yield replies
        for together in single.values():
            yield from self._cut(together)

    def rendered(self, rows: Iterable[Row]) -> Iterator[list[Reply]]:
        """The replies of each row, one or two."""
        rows = iter(rows)
        while batch := list(islice(rows, BATCH)):
            self.tally["rows"] += len(batch)
            planned = []
            for row in batch:
                plans = []
                for said in filter(None, (row.chosen, row.rejected)):
                    if (plan := self._plan(row, [*map(_unlearned, row.messages), *said])) is None:
                        break
                    plans.append(plan)
                else:
                    planned.append((row, plans))
            encoded = iter(self._renderer.encode([plan for _, plans in planned for plan in plans]))
            for row, plans in planned:
                found = [next(encoded) for _ in plans]
                if any(len(sequences) > 1 for sequences in found):
                    self.tally["replies_apart"] += 1
                else:
                    yield [
                        Reply(row, sequences[0], targets)
                        for sequences, targets in zip(found, self._targets(row), strict=True)
                    ]

    def _targets(self, row: Row) -> list[np.ndarray]:
        """What is thought of each of a row's replies. UserError for a rating that is no number."""
        ratings = _ratings(row)
        if ratings:
            return [np.array([ratings.get(name, math.nan) for name in self._columns], np.float32)]
        unknown = [math.nan] * (len(self._columns) - 1)
        sides = [value for reply, value in ((row.chosen, 1.0), (row.rejected, 0.0)) if reply is not None]
        return [np.array([value, *unknown], np.float32) for value in sides]

    def _is_whole(self, pair: list[Reply]) -> bool:
        """Whether a pair is compared; where it is not, that is counted."""
        better, worse = (reply.rendered for reply in pair)
        if better.ids == worse.ids:
            self.tally["equal_replies"] += 1
            return False
        prompts = [each.ids[: each.mask.index(True)] for each in (better, worse)]
        if prompts[0] != prompts[1]:
            raise UserError(
                f"row {pair[0].row.id}: the chat template shows its prompt otherwise before the chosen reply than "
                "before the rejected one, so they cannot be compared; choose another with --chat_template"
            )
        fits = sum(map(_places, pair)) <= self._seq_len
        self.tally["long_groups"] += not fits
        return fits

    def _cut(self, together: list[Reply]) -> Iterator[list[Reply]]:
        """Single replies to one prompt, in as many groups as they take."""
        fitting = [reply for reply in together if _places(reply) <= self._seq_len]
        self.tally["long_groups"] += len(together) - len(fitting)
        parts = best_fit([_places(reply) for reply in fitting], self._seq_len)
        self.tally["cut_groups"] += len(parts) > 1
        for part in parts:
            yield [fitting[index] for index in sorted(part)]


def _places(reply: Reply) -> int:
    return len(reply.rendered.ids) - 1


def _unlearned(message: Message) -> Message:
    """A message of the prompt: what an assistant said there was no part of what was compared, nor was a text."""
    return message | {"weight": 0.0} if message["role"] in ("assistant", TEXT_ROLE) else message


def _prompt_of(row: Row) -> bytes:
    """What single replies have in common that are compared."""
    return hashlib.sha256(json.dumps([row.messages, row.tools], sort_keys=True).encode()).digest()


def _ratings(row: Row) -> Mapping[str, float]:
    """What a single reply is rated, by column; empty where it is not, or where two replies are compared."""
    ratings = row.meta.get("ratings")
    if ratings is None or (row.chosen is not None and row.rejected is not None):
        return {}
    try:
        return check_ratings(ratings)
    except ValueError as problem:
        raise UserError(f"row {row.id}: ratings {problem}; take the row out, or rate it again") from None


def _weight(row: Row) -> dict[str, Any]:
    """How much a row counts: its weight, times what the preference itself says of its own."""
    own = row.meta.get("weight")
    if own is None:
        return {}
    if isinstance(own, bool) or not isinstance(own, int | float) or not (math.isfinite(own) and own > 0):
        raise UserError(f"row {row.id}: its weight is {own!r}, and no number above 0; take it out, or mend it")
    return {"row_weights": row.weight * own}
