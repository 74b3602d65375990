"""Classes of words by how they are used: the exchange algorithm over pairs of neighbours.

Every word sits in some class, and moves to the one where the pairs of classes tell most of which word follows which,
until hardly any moves (Martin, Liermann and Ney 1998, "Algorithms for bigram and trigram word clustering").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 10
_SETTLED = 0.01
"""Share of words that still move when it ends."""

Ids = NDArray[np.int64]


def exchange(sequences: Sequence[Ids], *, size: int, fixed: int, groups: int) -> Ids:
    """(size,) the class of each word. The first `fixed` words are a class each, the others share `groups` more."""
    classes = np.arange(size)
    classes[fixed:] = fixed + np.arange(size - fixed) % groups
    first = np.concatenate([each[:-1] for each in sequences])
    second = np.concatenate([each[1:] for each in sequences])
    keys, counts = np.unique(first * size + second, return_counts=True)
    first, second = np.divmod(keys, size)
    after = _by(first, size)
    ahead = _by(second, size)
    table = np.zeros((fixed + groups, fixed + groups))
    np.add.at(table, (classes[first], classes[second]), counts)
    for _ in range(_ROUNDS):
        moved = 0
        for word in range(fixed, size):
            right = np.bincount(classes[second[after[word]]], weights=counts[after[word]], minlength=len(table))
            left = np.bincount(classes[first[ahead[word]]], weights=counts[ahead[word]], minlength=len(table))
            old = classes[word]
            table[old] -= right
            table[:, old] -= left
            new = fixed + int(_gain(table, right, left, fixed).argmax())
            table[new] += right
            table[:, new] += left
            classes[word] = new
            moved += new != old
        if moved < _SETTLED * size:
            break
    return classes


def _by(words: Ids, size: int) -> list[Ids]:
    """For each word, the places where it stands."""
    order = np.argsort(words, kind="stable")
    return np.split(order, np.searchsorted(words[order], np.arange(1, size)))


def _gain(table: NDArray[np.float64], right: NDArray[np.float64], left: NDArray[np.float64], fixed: int) -> Ids:
    """What the word with these neighbours would add to the likelihood in each of the shared classes."""
    follow, lead = np.flatnonzero(right), np.flatnonzero(left)
    rows, columns = table[fixed:, follow], table[lead, fixed:].T
    won = (_entropy(rows + right[follow]) - _entropy(rows)).sum(axis=1)
    won += (_entropy(columns + left[lead]) - _entropy(columns)).sum(axis=1)
    sums = table[fixed:].sum(axis=1)
    return won - 2 * (_entropy(sums + right.sum()) - _entropy(sums))


def _entropy(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    counts = np.maximum(counts, 0)  # a word that stands beside itself is taken away twice
    return counts * np.log(np.maximum(counts, 1))
