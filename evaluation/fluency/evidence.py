"""What in a text speaks for its being language: how likely its order is, its function words, what it repeats.

Every figure is better the higher it is, and that of a short text is drawn towards what is usual, for it says little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from evaluation.fluency.counts import Counts, Floats, Ids
from evaluation.fluency.tokens import ENDS, Token

Marked = NDArray[np.bool_]

ORDERS = 8
"""Random orders of its words that a text is held against."""
WINDOWS = (6, 10, 16)
"""Tokens side by side of which the least likely are sought."""
_FEW = 8.0
"""Tokens that what is usual counts as many as."""
_USUAL_GAIN, _USUAL_ORDER, _USUAL_SHARE = 1.2, 3.0, 0.5
_LONG_RUN = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Of one text in one language."""

    likelihood: float
    """Nats per token, by classes, each after two others; negative."""
    gain: float
    """Nats per token that the words before each add to its likelihood."""
    worst_6: float
    """The same over the 6 tokens side by side for which it is least."""
    worst_10: float
    """Over 10."""
    worst_16: float
    """Over 16."""
    order: float
    """Nats per token by which it is likelier than random orders of its own words, marks left where they are."""
    functions: float
    """Share of function words among its words."""
    run: float
    """Longest run of words without one, in words, turned round: 0 is none, -12 is 12 or more."""
    fresh: float
    """Share of its runs of four tokens that are no repetition of an earlier one."""
    place: tuple[int, int]
    """First and last token of the worst 10."""


NOTHING = Evidence(
    likelihood=-4.0,
    gain=_USUAL_GAIN,
    worst_6=_USUAL_GAIN,
    worst_10=_USUAL_GAIN,
    worst_16=_USUAL_GAIN,
    order=_USUAL_ORDER,
    functions=_USUAL_SHARE,
    run=-2.0,
    fresh=1.0,
    place=(0, 0),
)
"""What is usual: it speaks neither for nor against a text."""


def gather(tokens: Sequence[Token], ids: Ids, counts: Counts) -> Evidence:
    """The evidence of a text of at least one token, whose classes are `ids`."""
    found = counts.log_likelihoods(ids)
    gains = found - counts.alone[ids]
    begin, worst = _worst(gains, 10)
    names = [each.text for each in tokens]
    is_word = np.array([each.is_word for each in tokens])
    can_move = np.array([each.is_word or each.text[0] == "<" for each in tokens])
    function = np.array([each in counts.functions or each[0] == "'" or each.endswith("n't") for each in names])
    return Evidence(
        likelihood=float(found.mean()),
        gain=_drawn(gains.sum(), len(ids), _USUAL_GAIN),
        worst_6=_worst(gains, 6)[1],
        worst_10=worst,
        worst_16=_worst(gains, 16)[1],
        order=_order(found, ids, can_move, counts),
        functions=_drawn(float((function & is_word).sum()), int(is_word.sum()), _USUAL_SHARE),
        run=-float(min(_LONG_RUN, _longest(names, is_word & ~function))),
        fresh=_fresh([each.raw for each in tokens]),
        place=(begin, min(begin + 10, len(ids)) - 1),
    )


def _drawn(total: float, count: int, usual: float) -> float:
    """A mean as if there were a few more, all of them usual."""
    return float(total + _FEW * usual) / (count + _FEW)


def _worst(gains: Floats, size: int) -> tuple[int, float]:
    """Where the least likely stretch of `size` begins, and its mean, drawn to what is usual where it is shorter."""
    if len(gains) <= size:
        return 0, float(gains.sum() + (size - len(gains)) * _USUAL_GAIN) / size
    sums = np.cumsum(np.concatenate(([0.0], gains)))
    means = (sums[size:] - sums[:-size]) / size
    begin = int(means.argmin())
    return begin, float(means[begin])


def _order(found: Floats, ids: Ids, can_move: Marked, counts: Counts) -> float:
    """How much likelier the text is than its words in other orders, per token."""
    places = np.flatnonzero(can_move)
    if len(places) < 3:
        return _USUAL_ORDER
    others = np.repeat(ids[None], ORDERS, axis=0)
    others[:, places] = ids[places][_orders(len(places))]
    gained = float(found.sum() - counts.log_likelihoods(others).sum(axis=1).mean())
    return _drawn(gained, len(ids), _USUAL_ORDER)


@cache
def _orders(count: int) -> Ids:
    """(ORDERS, count) places in random orders, the same for every text of so many."""
    chance = np.random.default_rng(count)
    return np.stack([chance.permutation(count) for _ in range(ORDERS)])


def _longest(names: Sequence[str], counted: Marked) -> int:
    """The longest run of words that count; ends of sentences and quotation marks end one."""
    longest = now = 0
    for name, counts in zip(names, counted.tolist(), strict=True):
        if counts:
            now += 1
            longest = max(longest, now)
        elif name[0].isalpha() or name[0] == "'" or name == '"' or name in ENDS:
            now = 0
    return longest


def _fresh(names: Sequence[str]) -> float:
    fours = list(zip(names, names[1:], names[2:], names[3:], strict=False))
    return (len(set(fours)) + _FEW) / (len(fours) + _FEW)
