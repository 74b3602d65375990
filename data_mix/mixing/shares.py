"""Shares to rows: how much each source has to give, and which of its rows give it, to within one row.

Sizes are tokens, bytes or rows: whatever the recipe's `unit` is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from data_mix.mixing.scratch import KeepScratch

if TYPE_CHECKING:
    import numpy as np

Shortfall = Literal["refuse", "renormalise", "oversample"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Allotment:
    """What each source has to give, and what was settled for."""

    targets: dict[str, int]
    """Size that each source contributes."""
    total: int
    """Sum of them."""
    asked: int
    """The total that the shares were taken of."""
    short: dict[str, dict[str, int]]
    """Sources that could not fill their share from distinct rows: `wanted` and `available`."""


def allot(
    available: dict[str, int],
    shares: dict[str, float],
    *,
    total: int | None,
    shortfall: Shortfall,
    max_copies: int,
    unit: str,
) -> Allotment:
    """The size that each source gives to the training split.

    `shares` are percent. Without a `total` it is the largest of which every source can fill its share. Raises
    KeepScratch (a UserError), naming every source that falls short, what it has, and what would do, where the policy
    does not help.
    """
    largest = min(int(available[name] * 100 / share) for name, share in shares.items())
    asked = largest if total is None else total
    wanted = {name: round(asked * share / 100) for name, share in shares.items()}
    short = {
        name: {"wanted": wanted[name], "available": available[name]}
        for name in shares
        if wanted[name] > available[name]
    }
    nothing = [name for name, target in wanted.items() if target == 0]
    if nothing:
        raise KeepScratch(
            f"{', '.join(nothing)}: the share comes to no {unit} at all of a total of {asked:,}; raise it"
        )
    if not short:
        return Allotment(targets=wanted, total=sum(wanted.values()), asked=asked, short={})
    if shortfall == "refuse":
        raise KeepScratch(f"{_say(short, unit)}. {_ways_out(largest, unit)}")
    if shortfall == "oversample":
        most = {name: available[name] * max_copies for name in short}
        lacking = {name: found for name, found in short.items() if found["wanted"] > most[name]}
        if lacking:
            needed = max(-(-found["wanted"] // max(1, found["available"])) for found in lacking.values())
            raise KeepScratch(
                f"{_say(lacking, unit)}, and {max_copies} copies of each row are not enough. Raise --max_copies to "
                f"{needed}, or {_ways_out(largest, unit)[0].lower()}{_ways_out(largest, unit)[1:]}"
            )
        return Allotment(targets=wanted, total=sum(wanted.values()), asked=asked, short=short)
    targets = renormalised(available, shares, asked)
    return Allotment(targets=targets, total=sum(targets.values()), asked=asked, short=short)


def renormalised(available: dict[str, int], shares: dict[str, float], total: int) -> dict[str, int]:
    """Sources that are too small give all they have; the others share what is left of `total`, in proportion, as far
    as they can."""
    given: dict[str, int] = {}
    open_ones = dict(shares)
    while open_ones:
        left, whole = total - sum(given.values()), sum(open_ones.values())
        full = [name for name, share in open_ones.items() if left * share / whole > available[name]]
        for name in full:
            given[name] = available[name]
            del open_ones[name]
        if not full:
            given |= {name: round(left * share / whole) for name, share in open_ones.items()}
            break
    return {name: given[name] for name in shares}


def choose(sizes: np.ndarray, ranks: np.ndarray, target: int) -> np.ndarray:
    """(N,) uint16: how often each of N rows is taken, so that their sizes sum to `target` within half a row.

    Rows are taken in the order of `ranks` (a pseudo-random key that a row has wherever it stands); those that a
    repeated source starts again with are the same first ones. `sizes` are ints.
    """
    import numpy as np

    whole = int(sizes.sum())
    if whole == 0:
        return np.zeros(len(sizes), np.uint16)
    rounds, rest = divmod(target, whole)
    taken = np.full(len(sizes), rounds, np.uint16)
    order = np.argsort(ranks, kind="stable")
    reached = np.cumsum(sizes[order])
    count = int(np.searchsorted(reached, rest, side="right"))  # the most rows that do not go beyond the rest
    below = int(reached[count - 1]) if count else 0
    if count < len(order) and int(reached[count]) - rest < rest - below:
        count += 1
    taken[order[:count]] += 1
    return taken


def rank(keys: np.ndarray, seed: int) -> np.ndarray:
    """(N,) uint64: a pseudo-random rank for each row from its key (N,) uint64 (splitmix64, Steele et al. 2014)."""
    import numpy as np

    with np.errstate(over="ignore"):
        mixed = keys + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    ranks: np.ndarray = mixed ^ (mixed >> np.uint64(31))
    return ranks


def _say(short: dict[str, dict[str, int]], unit: str) -> str:
    return "; ".join(
        f"{name}: its share is {found['wanted']:,} {unit}, and it has {found['available']:,}"
        for name, found in short.items()
    )


def _ways_out(largest: int, unit: str) -> str:
    return (
        f"Lower --total to {largest:,} {unit} or leave it out, change the shares, or add --shortfall renormalise or "
        "oversample. What was read is kept: the next build goes on from there"
    )
