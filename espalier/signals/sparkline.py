"""A series of figures as a word of little bars."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_BARS, _PLAIN = "▁▂▃▄▅▆▇█", "_.-~=+*#"


def sparkline(series: Sequence[tuple[int, float]], width: int = 24, bars: str = _BARS) -> str:
    """The figures by their steps, from the least to the greatest of them: at most `width` bars, each the mean of a part
    of the steps; a part without figures is a space."""
    if not series:
        return ""
    first, last = series[0][0], series[-1][0]
    width = max(1, min(width, last - first + 1))
    parts: list[list[float]] = [[] for _ in range(width)]
    for step, value in series:
        parts[min(width - 1, max(0, (step - first) * width // max(1, last - first + 1)))].append(value)
    means = [sum(part) / len(part) if part else None for part in parts]
    known = [mean for mean in means if mean is not None]
    low, high = min(known), max(known)
    return "".join(" " if mean is None else bars[_height(mean, low, high, len(bars))] for mean in means)


def _height(value: float, low: float, high: float, steps: int) -> int:
    return round((value - low) / (high - low) * (steps - 1)) if high > low else steps // 2


def bars_here() -> str:
    """What stdout can show."""
    try:
        _BARS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _BARS
