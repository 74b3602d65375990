"""How often classes of words follow each other in a language: counts that ship beside this file, and their smoothing.

Every word belongs to one class: common words are one by themselves, others share one with words of like use, and those
that are not listed go by their shape. A language is two files in `tables/`: `LANG.txt`, in its first line the function
words and then a class a line; and `LANG.safetensors`, how often two and three classes stood side by side.
`research/fluency.py` makes them, `tables/CARD.md` says from what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.fluency.tokens import ENDS, Token

HERE = Path(__file__).parent / "tables"
START = 0
"""The class that stands before a sentence."""
_WIDEST, _NO_COUNT, _FINE = 65535, 255, 15.9
_DISCOUNT = 0.75
"""Taken from each count for what was not seen: absolute discounting (Ney, Essen and Kneser 1994)."""

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]
Counted = tuple[NDArray[np.uint32], NDArray[np.uint16]]
"""Keys in order, and how often each was seen."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Counts:
    """The classes of one language, and how likely each is after one and after two others."""

    functions: frozenset[str]
    """The function words."""
    words: Mapping[str, int]
    """Word, mark or shape to class."""
    ends: NDArray[np.bool_]
    """(classes,) whether a sentence ends with it."""
    alone: Floats
    """(classes,) log-probability of each."""
    pairs: Floats
    """(classes, classes) log-probability of the second after the first."""
    weights: Floats
    """(classes, classes) log of what a class not seen after these two keeps of its likelihood after the second."""
    keys: NDArray[np.uint32]
    """(triples,) the triples seen, in order."""
    triples: Floats
    """(triples,) log-probability of the third after the first two."""

    def ids(self, tokens: Sequence[Token]) -> Ids:
        """(tokens,) the class of each."""
        words = self.words
        found = [words[each.text] if each.text in words else words[each.shape] for each in tokens]
        return np.array(found, dtype=np.int64)

    def log_likelihoods(self, ids: Ids) -> Floats:
        """(…, tokens) what each class has after the two before it in its sentence, in nats; `ids` may be several."""
        first, second = before(ids, self.ends)
        size = len(self.alone)
        key = ((first * size + second) * size + ids).astype(np.uint32)
        place = np.searchsorted(self.keys, key)
        place[place == len(self.keys)] = 0
        seen = self.keys[place] == key
        found: Floats = np.where(seen, self.triples[place], self.weights[first, second] + self.pairs[second, ids])
        return found


def before(ids: Ids, ends: NDArray[np.bool_]) -> tuple[Ids, Ids]:
    """The classes two places and one place before each; where its sentence begins, `START`."""
    second = np.full_like(ids, START)
    first = np.full_like(ids, START)
    second[..., 1:] = np.where(ends[ids[..., :-1]], START, ids[..., :-1])
    first[..., 1:] = np.where(second[..., 1:] == START, START, second[..., :-1])
    return first, second


@cache
def counts(language: str) -> Counts:
    """The counts of one of `languages()`."""
    return read(HERE / f"{language}.txt")


@cache
def languages() -> tuple[str, ...]:
    """The languages whose counts ship, by code."""
    return tuple(sorted(path.stem for path in HERE.glob("*.txt")))


def read(path: Path) -> Counts:
    """The counts whose words are in `path` and whose numbers lie beside it."""
    from safetensors.numpy import load_file

    functions, *classes = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    arrays = load_file(path.with_suffix(".safetensors"))
    return smoothed(
        functions=frozenset(functions.split(" ")),
        classes=[line.split(" ") for line in classes],
        alone=arrays["alone"],
        pairs=unpacked(arrays["pair_gaps"], arrays["pair_codes"]),
        triples=unpacked(arrays["triple_gaps"], arrays["triple_codes"]),
    )


def packed(keys: NDArray[np.uint32], counted: NDArray[np.uint16]) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Keys as gaps of 16 bits, counts as logarithms of 8, to 2 %: a third of the space."""
    wide = keys.astype(np.int64)
    gaps = wide.copy()
    gaps[1:] -= wide[:-1]
    steps = gaps // _WIDEST  # a wide gap is several, of which only the last has a count
    at = np.cumsum(steps + 1) - 1
    short = np.full(at[-1] + 1 if len(at) else 0, _WIDEST, dtype=np.uint16)
    codes = np.full(len(short), _NO_COUNT, dtype=np.uint8)
    short[at] = gaps % _WIDEST
    codes[at] = np.minimum(np.round(np.log2(counted) * _FINE), _NO_COUNT - 1)
    return short, codes


def unpacked(gaps: NDArray[np.uint16], codes: NDArray[np.uint8]) -> Counted:
    """What `packed` packed."""
    kept = codes != _NO_COUNT
    keys = np.cumsum(gaps, dtype=np.int64)[kept].astype(np.uint32)
    return keys, np.round(2 ** (codes[kept] / _FINE)).astype(np.uint16)


def smoothed(
    *,
    functions: frozenset[str],
    classes: Sequence[Sequence[str]],
    alone: NDArray[np.uint32],
    pairs: Counted,
    triples: Counted,
) -> Counts:
    """What these counts come to. Keys are places: first x classes + second, and that x classes + third."""
    size = len(classes)
    words = {word: place for place, listed in enumerate(classes) for word in listed}
    one = (alone + 0.5) / (alone + 0.5).sum()
    table = np.zeros((size, size))
    table.flat[pairs[0]] = pairs[1]
    total, types = table.sum(axis=1, keepdims=True), (table > 0).sum(axis=1, keepdims=True)
    two = (np.maximum(table - _DISCOUNT, 0) + (_DISCOUNT * types + 1) * one) / (total + 1)
    keys, counted = triples
    context, last = np.divmod(keys.astype(np.int64), size)
    seen = np.bincount(context, weights=counted, minlength=size * size)
    left = (_DISCOUNT * np.bincount(context, minlength=size * size) + 1) / (seen + 1)
    three = (counted - _DISCOUNT) / (seen[context] + 1) + left[context] * two[context % size, last]
    return Counts(
        functions=functions,
        words=words,
        ends=np.array([any(word in ENDS for word in listed) for listed in classes]),
        alone=np.log(one).astype(np.float32),
        pairs=np.log(two).astype(np.float32),
        weights=np.log(left).reshape(size, size).astype(np.float32),
        keys=keys,
        triples=np.log(three).astype(np.float32),
    )
