"""Figures in a reader's words: shares as percentages, all else as plain numbers in the column's own unit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from espalier.report import Markup, percent
from evaluation.comparison.stats import Estimate
from evaluation.metrics.base import Column

_MINUS = "\N{MINUS SIGN}"


def shown(column: Column, found: Estimate | None) -> Markup | None:
    """A mean with its interval, for a cell: `81.5 % (78.9–83.8)`, `12.3 (11.0–13.6)`."""
    if found is None:
        return None
    if column.is_share:
        return Markup(f"{percent(found.value)} ({100 * found.low:.1f}–{100 * found.high:.1f})")
    digits = _digits(found.value)
    return Markup(f"{number(found.value, digits)} ({number(found.low, digits)}–{number(found.high, digits)})")


def value(column: Column, mean: float) -> str:
    """One mean: `81.5 %` or `12.3`."""
    return percent(mean) if column.is_share else number(mean)


def gap(column: Column, difference: float, beside: float | None = None) -> str:
    """A signed difference: in points of a hundred where the column is a share, else in its own unit, to the digits
    that suit `beside` where that is given."""
    if column.is_share:
        return f"{100 * difference:+.1f}".replace("-", _MINUS)
    return number(difference, _digits(difference if beside is None else beside), sign="+")


def between(column: Column, found: Estimate) -> str:
    """The interval of a difference: `+71.7 to +80.3`."""
    return f"{gap(column, found.low, found.value)} to {gap(column, found.high, found.value)}"


def size(column: Column, difference: float | None) -> str | None:
    """A difference without a sign, such as the least that could have been seen."""
    if difference is None:
        return None
    return f"{100 * difference:.1f}" if column.is_share else number(difference)


def number(plain: float, digits: int | None = None, *, sign: str = "") -> str:
    """A plain number to three figures, or to `digits` after the point."""
    if math.isinf(plain):
        return f"{_MINUS if plain < 0 else ''}∞"
    return f"{plain:{sign},.{_digits(plain) if digits is None else digits}f}".replace("-", _MINUS)


def interval(found: Mapping[str, float] | None, digits: int = 2, *, sign: str = "") -> Markup | None:
    """A figure of a calibration with its interval, for a cell: `0.53 (0.48–0.58)`; None where it is not known."""
    if not found or found["value"] is None:
        return None
    ends = [number(found[end], digits, sign=sign) for end in ("low", "high") if found.get(end) is not None]
    beside = f" ({(' to ' if sign else '–').join(ends)})" if ends else ""
    return Markup(f"{number(found['value'], digits, sign=sign)}{beside}")


def chance(p_value: float) -> str:
    """A p-value: `0.034`, `<0.001`."""
    return "<0.001" if p_value < 0.001 else f"{min(p_value, 0.999):.3f}" if p_value < 1 else "1"


def cases(found: Estimate) -> str:
    """How many replies a figure is over, and how many of them are independent."""
    replies = "1 reply" if found.num_cases == 1 else f"{found.num_cases:,} replies"
    if found.num_clusters == found.num_cases:
        return replies
    groups = "1 independent group" if found.num_clusters == 1 else f"{found.num_clusters:,} independent groups"
    return f"{replies} in {groups}"


def _digits(plain: float) -> int:
    """Places after the point that leave three figures."""
    if plain == 0 or not math.isfinite(plain):
        return 1
    return min(4, max(0, 2 - math.floor(math.log10(abs(plain)))))
