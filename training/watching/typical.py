"""Which of many sentences are like the others, and which are unlike them, by the pieces of three letters in them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST = 12
"""Characters of a sentence that is counted: shorter ones share too few pieces with any."""
FEWEST = 5
"""Different sentences without which nothing is said of them."""
HOW = (
    "Measured by the mean cosine similarity to the others (pieces of three letters, TF-IDF), from 0 to 1: it tells "
    "which wording is common among them, and nothing of sense or of quality."
)

_ENDS = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|[\r\n\u2028\u2029]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """A sentence among others."""

    text: str
    """The sentence."""
    times: int
    """How often it was said."""
    likeness: float
    """Its mean cosine similarity to the other sentences, repeats counted, from 0 to 1."""


def sentences(texts: Iterable[str]) -> Counter[str]:
    """The sentences and lines of texts that are long enough, and how often each stands there."""
    parts = (part.strip() for text in texts for part in _ENDS.split(text))
    return Counter(part for part in parts if len(part) >= SHORTEST)


def by_likeness(said: Counter[str]) -> list[Likeness]:
    """The sentences, those first that are most like the others; of equals the one that was said first."""
    pieces = {text: _pieces(text) for text in said}
    spread = Counter(piece for counts in pieces.values() for piece in counts)
    # By hand: scikit-learn does the same, and takes longer to be imported than a whole run's entries take.
    rarity = {piece: 1 + math.log((1 + len(said)) / (1 + number)) for piece, number in spread.items()}
    vectors = {text: _unit({piece: n * rarity[piece] for piece, n in found.items()}) for text, found in pieces.items()}
    total: dict[str, float] = {}
    for text, vector in vectors.items():
        for piece, weight in vector.items():
            total[piece] = total.get(piece, 0.0) + said[text] * weight
    others = max(1, said.total() - 1)
    found = [
        Likeness(
            text=text,
            times=said[text],
            likeness=max(0.0, (sum(weight * total[piece] for piece, weight in vector.items()) - 1) / others),
        )
        for text, vector in vectors.items()
    ]
    return sorted(found, key=lambda each: -each.likeness)


def _pieces(text: str) -> Counter[str]:
    padded = f" {' '.join(text.lower().split())} "
    return Counter(padded[at : at + 3] for at in range(len(padded) - 2))


def _unit(vector: dict[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {piece: weight / length for piece, weight in vector.items()}
