"""Texts as vectors of length 1, whose products tell how alike they are: by their letters, or by a model that is
named."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from research.self_improvement.diversity.settings import PIECES
from research.self_improvement.diversity.texts import folded

Floats = NDArray[np.float64]
Embed = Callable[[Sequence[str]], Floats]
"""From texts to vectors, (texts, width), each of length 1. A text's vector does not depend on the others."""

_WIDTH = 2**12
_LENGTH = 3
"""Characters of a piece."""


class Pieces:
    """Pieces of three letters, by TF-IDF, hashed with signs into 4,096 places (Weinberger et al. 2009).

    The rarity of a piece is counted in texts that stay the same over all rounds, and never in the batch that is
    measured: there, what a batch that has collapsed shares would be common, count for little, and leave its texts
    apart.
    """

    def __init__(self, reference: Sequence[str] = ()) -> None:
        spread = Counter(piece for text in reference for piece in _pieces(text))
        self._unknown = 1 + math.log(1 + len(reference))
        self._rarity = {piece: 1 + math.log((1 + len(reference)) / (1 + n)) for piece, n in spread.items()}
        self._places: dict[str, tuple[int, int]] = {}

    def __call__(self, texts: Sequence[str]) -> Floats:
        """(texts, 4096), each of length 1; texts of nothing are all the same."""
        found = np.zeros((len(texts), _WIDTH))
        for row, text in zip(found, texts, strict=True):
            for piece, times in _pieces(text).items():
                place, sign = self._place(piece)
                row[place] += sign * (1 + math.log(times)) * self._rarity.get(piece, self._unknown)
        unit: Floats = found / np.maximum(1e-12, np.linalg.norm(found, axis=1, keepdims=True))
        return unit

    def _place(self, piece: str) -> tuple[int, int]:
        if piece not in self._places:
            number = int.from_bytes(hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=8).digest())
            self._places[piece] = number % _WIDTH, 1 if number >> 63 else -1
        return self._places[piece]


def embedding(name: str, reference: Sequence[str]) -> Embed:
    """`pieces`, with rarities of the reference's texts, or the model of that name, which is loaded when it is first
    asked (UserError where it cannot be)."""
    if name == PIECES:
        return Pieces(reference)
    from evaluation.judges.embedding import Embedding

    return Embedding(name).of_texts


def _pieces(text: str) -> Counter[str]:
    padded = f" {folded(text)} "
    return Counter(padded[at : at + _LENGTH] for at in range(max(1, len(padded) - _LENGTH + 1)))
