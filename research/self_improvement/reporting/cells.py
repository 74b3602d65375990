"""How the tables of a report write figures."""

from __future__ import annotations

from typing import Any

from espalier.report import percent


def share(found: Any) -> str | None:
    """A share with its interval: `45.0 % (35.1–55.2)`."""
    if not found:
        return None
    return f"{percent(found['value'])} ({100 * found['low']:.1f}–{100 * found['high']:.1f})"


def points(found: Any) -> str | None:
    """A difference of shares in points of a hundred, with its interval: `+3.1 (−0.2 to +6.4)`."""
    if not found:
        return None
    value, low, high = (f"{100 * found[end]:+.1f}".replace("-", "\N{MINUS SIGN}") for end in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def signed(found: Any) -> str | None:
    """A figure from -1 to 1 with its interval: `0.53 (0.40 to 0.66)`."""
    if not found:
        return None
    return " ".join([f"{found['value']:.2f}", f"({found['low']:.2f} to {found['high']:.2f})"]).replace(
        "-", "\N{MINUS SIGN}"
    )


def plain_share(value: float | None) -> str | None:
    """A share without an interval."""
    return None if value is None else percent(value)
