"""How the tables of a report write figures."""

from __future__ import annotations

import math

_MINUS = "\N{MINUS SIGN}"


def signed(value: float | None, decimals: int = 4) -> str | None:
    """`−0.0123`; None for what is not known."""
    return None if value is None else f"{value:+.{decimals}f}".replace("-", _MINUS)


def ranged(value: float, low: float | None, high: float | None, decimals: int = 4) -> str:
    """`−0.0123 (−0.0201 to −0.0045)`; ends that are not known, or infinite, are said to be."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return f"{signed(value, decimals)} (interval not known)"
    return f"{signed(value, decimals)} ({signed(low, decimals)} to {signed(high, decimals)})"


def plain(value: float | None, decimals: int = 6) -> str | None:
    """A figure as the log writes it."""
    return None if value is None else f"{value:.{decimals}f}"


def percents(value: float, low: float | None, high: float | None) -> str:
    """A share with its interval in percent: `−7.9 % (−10.1 to −5.7)`."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return f"{signed(100 * value, 1)} % (interval not known)"
    return f"{signed(100 * value, 1)} % ({signed(100 * low, 1)} to {signed(100 * high, 1)})"


def counted(number: int, one: str, several: str = "") -> str:
    """`1 try`, `2 tries`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
