"""What the batches of a pack of preferences say of the replies that are compared in them.

A micro-batch of a pack of preferences holds n rows, a reply each, in the order of its sequences. `batch.extras` has

    row_numbers (n,)    int64: the row's number in the pack
    group       (n,)    int64: the number of its group in the pack; a group lies in one sequence
    targets     (n, C)  float32: what is thought of it, by the pack's `columns`; NaN where nobody knows
    row_weights (n,)    float32: how much it counts
    last        (n,)    int64: place of its last input token in the flattened sequences
    owner       (B, S)  int64: which of the n rows a token belongs to, -1 for padding
    step_pairs  (C,)    int64: pairs of a greater and a lesser number in all micro-batches of the step, of all processes
    step_known  (C,)    int64: rows there of which the column is known
    step_rows   ()      int64: rows there
    step_parts  ()      int64: micro-batches there

and, where an objective asks for it, what each of some references gives the labels (`training/references.py`):

    reference_tokens (B, S)  float32, in nats; 0 where nothing is trained

so that losses are shares of one mean over the step, exact to the pair, however groups fall among micro-batches.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from data_mix.packing.pack import Pack

Tensor = torch.Tensor


class Compared:
    """What a pack of preferences says of its sequences, counted once."""

    def __init__(self, pack: Pack) -> None:
        if not pack.columns:
            raise ValueError("a pack without groups: it is packed with rows: preference")
        self._pack = pack

    def extras(self, chosen: np.ndarray) -> dict[str, Tensor]:
        """What a batch of the chosen sequences (B,) has in `extras`, but for what concerns the whole step."""
        rows = self._pack.rows[chosen]
        there = rows.ravel() >= 0
        # A tiny pack may give one sequence twice: its rows then count twice, each blind to its copy.
        begins = (there & (self._pack.positions[chosen].ravel() == 0)).nonzero()[0]
        owner = np.where(there, np.searchsorted(begins, np.arange(rows.size), side="right") - 1, -1)
        numbers = rows.ravel()[begins].astype(np.int64)
        last = np.zeros(len(begins), np.int64)
        np.maximum.at(last, owner[there], there.nonzero()[0])
        found = {
            "row_numbers": numbers,
            "group": self._pack.row_group[numbers].astype(np.int64),
            "targets": self._pack.row_targets[numbers],
            "row_weights": self._pack.row_weights[numbers],
            "last": last,
            "owner": owner.reshape(rows.shape).astype(np.int64),
        }
        for name, log_probs in self._pack.references.items():
            found[f"{name}_tokens"] = np.asarray(log_probs[chosen], np.float32)
        return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in found.items()}

    def totals(self, chosen: np.ndarray, parts: int) -> dict[str, Tensor]:
        """Pairs and rows of the chosen sequences, which are all of a step, taken in so many `parts`."""
        found = {"step_pairs": self.pairs, "step_known": self._known, "step_rows": self._rows}
        sums = {name: torch.from_numpy(np.asarray(value[chosen].sum(axis=0))) for name, value in found.items()}
        return sums | {"step_parts": torch.tensor(parts)}

    @cached_property
    def pairs(self) -> np.ndarray:
        """(N, C) int64: pairs of a greater and a lesser number in each sequence."""
        return self._by_sequence(worse_in_group(self._pack.row_group, self._pack.row_targets))

    @cached_property
    def _known(self) -> np.ndarray:
        return self._by_sequence(~np.isnan(self._pack.row_targets))

    @cached_property
    def _rows(self) -> np.ndarray:
        return self._by_sequence(np.ones(len(self._pack.row_group)))

    def _by_sequence(self, of_rows: np.ndarray) -> np.ndarray:
        """Sums over the rows of each sequence (N, …) of what is said of each row (R, …)."""
        found = np.zeros((len(self._pack), *of_rows.shape[1:]), np.int64)
        np.add.at(found, self._sequences, of_rows.astype(np.int64))
        return found

    @cached_property
    def _sequences(self) -> np.ndarray:
        """(R,): the sequence in which each row lies."""
        sequence, place = np.nonzero((self._pack.positions == 0) & (self._pack.rows >= 0))
        found = np.zeros(len(self._pack.row_group), np.int64)
        found[self._pack.rows[sequence, place]] = sequence
        return found


def pairs_in_groups(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(P, 2): places of two of the same group (R,) whose `values` (R,) differ, the greater first; NaN is compared with
    nothing."""
    order = np.argsort(groups, kind="stable")
    ends = np.flatnonzero(np.diff(groups[order])) + 1
    found = [
        members[np.argwhere(values[members][:, None] > values[members])]
        for members in np.split(order, ends)
        if len(members) > 1
    ]
    return np.concatenate(found) if found else np.zeros((0, 2), np.int64)


def worse_in_group(groups: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(R, C) int64: how many rows of its own group each row's number is greater than, by `targets` (R, C); NaN is
    compared with nothing."""
    found = np.zeros(targets.shape, np.int64)
    for column, values in enumerate(targets.T):
        order = np.lexsort((values, groups))  # NaN last in its group
        group, value = groups[order], values[order]
        begins = np.flatnonzero(np.append(True, group[1:] != group[:-1])) if len(group) else np.zeros(0, int)
        ties = np.flatnonzero(np.append(True, (group[1:] != group[:-1]) | (value[1:] != value[:-1])))
        places = np.arange(len(order))
        first_of_tie = ties[np.searchsorted(ties, places, side="right") - 1] if len(order) else places
        first_of_group = begins[np.searchsorted(begins, places, side="right") - 1] if len(order) else places
        found[order, column] = np.where(np.isnan(value), 0, first_of_tie - first_of_group)
    return found
