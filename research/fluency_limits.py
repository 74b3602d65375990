"""What evidence against a text being language costs: fitted to text kept apart from the counts, and to it spoilt.

A text of the kept part is spoilt in eleven ways, none of which needs another source. Each kind of evidence has three
limits, below which lie 20, 5 and 2 % of the kept text; what a unit below each costs is the solution of
a logistic regression without negative weights. So nothing is ever won by good evidence, and lower never costs less.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evaluation.fluency.counts import Counts
from evaluation.fluency.evidence import gather
from evaluation.fluency.tokens import read, tokens
from evaluation.fluency.verdict import FEWEST, KINDS

QUANTILES = (0.2, 0.05, 0.02)
"""Of the kept text, what is lower than each limit of a kind."""
DOUBTED, REFUSED = 0.03, 0.008
"""Of the kept text, what gets less than .9, and less than a half, in one view."""
LOCAL = ("worst_6", "worst_10", "worst_16", "run")
_STRICT = 0.0001
_SHORTEST, _LONGEST = 6, 80
"""Words that a text has at least to be spoilt, and at most when looked at."""

Spoil = Callable[[list[str], list[str], Callable[[str], bool], random.Random], list[str] | None]
"""Words of the text, words of another, whether one is a function word, chance; to words, or None where it cannot be."""


def salad(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """Content words of the text in random order, after the first words of another."""
    content = [word for word in words if not is_function(word)]
    chance.shuffle(content)
    return other[:2] + content[:16] + other[-1:] if len(content) > 4 else None


def bare(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """The same without a frame."""
    found = salad(words, other, is_function, chance)
    return found and found[2:-1]


def inside(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """A salad of a few words between two halves of a good text."""
    found = salad(words, other, is_function, chance)
    return found and other[: len(other) // 2] + found[2:10] + other[len(other) // 2 :]


def keywords(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """The same with commas."""
    found = bare(words, other, is_function, chance)
    return found and [word.strip(".,?!") + "," for word in found]


def shuffled(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """All words in random order."""
    return chance.sample(words, len(words))


def swapped(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """Each second word before the first."""
    return [word for at in range(0, len(words), 2) for word in reversed(words[at : at + 2])]


def telegram(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """Function words left out."""
    found = [word for word in words if not is_function(word)]
    return found if len(found) > 5 else None


def soup(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """Function words of both alone, in random order."""
    found = [word for word in words + other if is_function(word)]
    return chance.sample(found, min(20, len(found))) if len(found) > 6 else None


def mixed(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """Words of two texts in turn."""
    return [word for pair in zip(words, other, strict=False) for word in pair]


def loop(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """Some words said again and again."""
    at, size = chance.randrange(len(words)), chance.randint(2, 6)
    return words[:at] + words[at : at + size] * chance.randint(4, 9)


def pieces(words: list[str], other: list[str], is_function: Any, chance: random.Random) -> list[str] | None:
    """Two or three words at a time, in random order."""
    cut = [words[at : at + 2] for at in range(0, len(words), 2)]
    return [word for piece in chance.sample(cut, len(cut)) for word in piece]


SPOILS: dict[str, Spoil] = {
    each.__name__: each
    for each in (salad, bare, inside, keywords, shuffled, swapped, telegram, soup, mixed, loop, pieces)
}


def as_replies(texts: Sequence[str], chance: random.Random) -> list[str]:
    """The texts about as long as replies are: neighbours joined, long ones cut, in random order."""
    found: list[str] = []
    at = 0
    while at < len(texts):
        size = chance.choice((1, 1, 2, 3))
        words = " ".join(texts[at : at + size]).split()
        found.append(" ".join(words[: chance.randint(20, _LONGEST)]))
        at += size
    return chance.sample(found, len(found))


def spoilt(texts: Sequence[str], functions: frozenset[str], chance: random.Random) -> dict[str, list[str]]:
    """By way to spoil a text, the texts that can be spoilt so."""

    def is_function(word: str) -> bool:
        return word.lower().strip(".,?!;:\"'()") in functions

    split = [words for text in texts if len(words := text.split()) >= _SHORTEST]
    return {
        name: [" ".join(made) for words in split if (made := spoil(words, chance.choice(split), is_function, chance))]
        for name, spoil in SPOILS.items()
    }


def evidence(texts: Sequence[str], counts: Counts) -> NDArray[np.float64]:
    """(texts, kinds); texts of which too little is there to tell are left out."""
    rows = []
    for text in texts:
        found = tokens(read(text))
        if len(found) >= FEWEST:
            facts = asdict(gather(found, counts.ids(found), counts))
            rows.append([facts[kind] for kind in KINDS])
    return np.array(rows)


def fit(
    kept: Sequence[NDArray[np.float64]], bad: Mapping[str, Sequence[NDArray[np.float64]]], *, patience: float = 1.0
) -> dict[str, Any]:
    """What `evaluation/fluency/verdict.py` reads: of each view the limits with their costs, and what may be spent.

    `kept` are parts of the kept text, `bad` by way of spoiling it the same of what was spoilt; all parts count alike,
    and all ways. `patience` is what is multiplied by what may be spent. The second view is of the worst place alone:
    else a good text would outweigh a salad inside it.
    """
    ways = {name: [each for each in parts if len(each)] for name, parts in bad.items()}
    everything, inside = (
        [each for name in names for each in ways[name]] for names in (ways, ("inside", "salad", "shuffled"))
    )
    views = [_view(kept, everything, KINDS), _view(kept, inside or everything, LOCAL)]
    return {"views": [view | {"free": round(patience * view["free"], 3)} for view in views]}


def _view(
    kept: Sequence[NDArray[np.float64]], bad: Sequence[NDArray[np.float64]], kinds: Sequence[str]
) -> dict[str, Any]:
    columns = [KINDS.index(kind) for kind in kinds]
    kept, bad = ([each[:, columns] for each in rows] for rows in (kept, bad))
    good_weights = np.concatenate([np.full(len(each), 1 / len(each) / len(kept)) for each in kept])
    limits = np.stack([_quantiles(np.concatenate(kept), good_weights, share) for share in QUANTILES])
    good, spoilt = (_below(np.concatenate(each), limits) for each in (kept, bad))
    rows = np.concatenate((good, spoilt))
    scale = rows.std(axis=0) + 1e-9
    rows /= scale
    weights = np.concatenate((good_weights, *(np.full(len(each), 1 / len(each) / len(bad)) for each in bad)))
    signs = np.concatenate((np.full(len(good), -1.0), np.full(len(spoilt), 1.0)))

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = signs * (rows @ point[:-1] - point[-1])
        slope = -weights * signs / (1 + np.exp(np.clip(margin, -50, 50)))
        value = float(weights @ np.logaddexp(0, -margin)) + _STRICT * float(point[:-1] @ point[:-1])
        return value, np.append(rows.T @ slope + 2 * _STRICT * point[:-1], -slope.sum())

    size = rows.shape[1]
    found = minimize(loss, np.zeros(size + 1), jac=True, method="L-BFGS-B", bounds=[(0, None)] * size + [(None, None)])
    costs = (found.x[:-1] / scale).reshape(len(QUANTILES), -1)
    spent = (good @ costs.ravel())[:, None]
    half, doubt = (float(_quantiles(spent, good_weights, 1 - share)[0]) for share in (REFUSED, DOUBTED))
    steep = math.log(9) / max(1.0, half - doubt)
    costs, free = steep * costs, steep * half
    listed = {
        kind: [[round(float(limits[row, at]), 4), round(float(costs[row, at]), 4)] for row in range(len(QUANTILES))]
        for at, kind in enumerate(kinds)
    }
    return {"free": round(free, 3), "costs": listed}


def _quantiles(rows: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """(kinds,) what `share` of the weight of the rows is below, kind by kind."""
    order = np.argsort(rows, axis=0)
    place = (np.cumsum(weights[order], axis=0) < share * weights.sum()).sum(axis=0)
    return np.take_along_axis(rows, np.take_along_axis(order, place[None], axis=0), axis=0)[0]


def _below(rows: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows, limits x kinds) how far each is below each limit."""
    return np.concatenate([np.maximum(0.0, limit - rows) for limit in limits], axis=1)
