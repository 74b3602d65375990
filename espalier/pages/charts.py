"""Charts as SVG that stands in a page: no script, no style of their own; the page's sheet colours their classes.

They are drawn as wide as a phone is, so that their text is as large there as it is anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup

WIDTH = 360
"""Units of a chart; one is a pixel where a chart is as wide as it wants to be."""
_RIGHT, _TOP, _BOTTOM = 12, 10, 34
_MOST_ROUNDS, _MOST_RIDGES = 8, 40
_RIDGES = 200
"""Units for all ridges, where they are neither many nor few; the highest is twice as high as they lie apart."""

Values = Sequence[float | None]


class Chart:
    """Figures over rounds; None is a round that has none, and breaks a line."""

    def __init__(
        self,
        rounds: Sequence[int],
        ticks: Sequence[tuple[float, str]],
        *,
        left: int = 44,
        width: int = WIDTH,
        height: int = 170,
        axis: str = "round",
    ) -> None:
        """`ticks` are places on the axis of values, from its lowest to its highest, with what stands there; `axis` is
        what a round is called. What lies outside is drawn at the edge."""
        self._rounds, self._left, self._height = rounds, left, height
        self._width, self._right = width, width - _RIGHT
        self._low, self._high = ticks[0][0], ticks[-1][0]
        self._drawn: list[Markup] = []
        for value, text in ticks:
            y = self._y(value)
            self._add('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>', left, self._right, y, y)
            self._add('<text class="end" x="{}" y="{}">{}</text>', left - 6, y + 4, text)
        for place in _thinned(len(rounds), _MOST_ROUNDS * width // WIDTH):
            self._add('<text class="middle" x="{}" y="{}">{}</text>', self._x(place), height - 18, rounds[place])
        self._add('<text class="middle" x="{}" y="{}">{}</text>', (left + self._right) / 2, height - 4, axis)

    def line(self, values: Values, kind: str, *, stepped: bool = False, dotted: bool = True) -> None:
        """A line, with a dot at every round."""
        for piece in _pieces(values):
            points = [(self._x(place), self._y(value)) for place, value in piece]
            path = _stepped(points) if stepped else "L".join(f"{x:g} {y:g}" for x, y in points)
            self._add('<path class="line {}" d="M{}"/>', kind, path)
            for x, y in points if dotted else ():
                self._add('<circle class="dot {}" cx="{}" cy="{}" r="2.5"/>', kind, x, y)

    def dots(self, values: Values, kind: str, titles: Sequence[str]) -> None:
        """A dot for each round that has a value, which says its title to who points at it."""
        for place, (value, title) in enumerate(zip(values, titles, strict=True)):
            if value is not None:
                markup = '<circle class="dot {}" cx="{}" cy="{}" r="3.5"><title>{}</title></circle>'
                self._add(markup, kind, self._x(place), self._y(value), title)

    def between(self, lows: Values, highs: Values, kind: str) -> None:
        """The intervals of a line, as bars with ends: where each round's figure may lie."""
        for place, (low, high) in enumerate(zip(lows, highs, strict=True)):
            if low is not None and high is not None:
                x, bottom, top = self._x(place), self._y(low), self._y(high)
                d = f"M{x:g} {bottom:g}V{top:g}M{x - 3:g} {bottom:g}h6M{x - 3:g} {top:g}h6"
                self._add('<path class="interval {}" d="{}"/>', kind, d)

    def level(self, value: float, kind: str) -> None:
        """A broken line across, at one value."""
        y = self._y(value)
        self._add('<path class="level {}" d="M{} {}H{}"/>', kind, self._left, y, self._right)

    def bars(self, values: Values, kind: str) -> None:
        """A bar for each round, from the axis up."""
        wide = min(22.0, 0.7 * (self._right - self._left) / max(1, len(values)))
        for place, value in enumerate(values):
            if value is not None:
                y = self._y(value)
                x, tall = round(self._x(place) - wide / 2, 1), round(self._y(self._low) - y, 1)
                markup = '<rect class="bar {}" x="{}" y="{}" width="{}" height="{}"/>'
                self._add(markup, kind, x, y, round(wide, 1), tall)

    def drawn(self, label: str) -> Markup:
        """The SVG; `label` says what it shows to who cannot see it."""
        return _svg(self._width, self._height, label, self._drawn)

    def _add(self, markup: str, *values: object) -> None:
        self._drawn.append(Markup(markup).format(*values))

    def _x(self, place: int) -> float:
        wide = self._right - self._left - 24
        return round(self._left + 12 + wide * (0.5 if len(self._rounds) == 1 else place / (len(self._rounds) - 1)), 1)

    def _y(self, value: float) -> float:
        tall = self._height - _TOP - _BOTTOM
        inside = max(self._low, min(value, self._high))
        return round(_TOP + tall * (1 - (inside - self._low) / (self._high - self._low)), 1)


def ridges(rounds: Sequence[int], shares: Sequence[Sequence[float]], label: str) -> Markup:
    """How the shares of scores were distributed: a ridge for each round, the earliest on top, all on one scale."""
    left, kept = 44, _thinned(len(rounds), _MOST_RIDGES)
    apart = max(13, min(26, _RIDGES // len(kept)))
    scores, top = len(shares[0]), _TOP + 2 * apart
    wide, highest = (WIDTH - _RIGHT - left) / scores, max(max(each) for each in shares)
    found = []
    for row, place in enumerate(kept):
        base = top + row * apart
        steps = "".join(
            f"V{base - 2 * apart * share / highest:.1f}H{left + wide * (score + 1):.1f}"
            for score, share in enumerate(shares[place])
        )
        found.append(Markup('<path class="ridge" d="M{} {}{}V{}Z"/>').format(left, base, steps, base))
        found.append(Markup('<text class="end" x="{}" y="{}">{}</text>').format(left - 6, base + 1, rounds[place]))
    height = top + (len(kept) - 1) * apart + _BOTTOM
    for score in range(scores):
        x = round(left + wide * (score + 0.5), 1)
        found.append(Markup('<text class="middle" x="{}" y="{}">{}</text>').format(x, height - 18, score))
    found.append(Markup('<text class="middle" x="{}" y="{}">score</text>').format((left + WIDTH) / 2, height - 4))
    return _svg(WIDTH, height, label, found)


def ticks_to(highest: float) -> list[tuple[float, str]]:
    """Three or more round figures from 0 up to `highest` or just above it."""
    step = _round_step(highest)
    return [(place * step, f"{place * step:,g}") for place in range(max(2, math.ceil(highest / step - 1e-9)) + 1)]


def ticks_between(low: float, high: float) -> list[tuple[float, str]]:
    """Three or more round figures from `low` or just below it up to `high` or just above it."""
    step = _round_step(high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [(place * step, f"{place * step:,.{decimals}f}") for place in range(first, max(last, first + 2) + 1)]


def _round_step(reach: float) -> float:
    """1, 2 or 5 of a power of ten, of which `reach` has at most five."""
    step = 10.0 ** math.floor(math.log10(reach)) if reach > 0 else 1.0
    return next(step * part for part in (0.2, 0.5, 1, 2, 5) if reach / (step * part) <= 5)


def _svg(width: float, height: float, label: str, drawn: Sequence[Markup]) -> Markup:
    opened = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(width, height, label)
    return opened + Markup("").join(drawn) + Markup("</svg>")


def _pieces(values: Values) -> Iterator[list[tuple[int, float]]]:
    piece = list[tuple[int, float]]()
    for place, value in enumerate([*values, None]):
        if value is not None:
            piece.append((place, value))
        elif piece:
            yield piece
            piece = []


def _stepped(points: Sequence[tuple[float, float]]) -> str:
    (x, y), *later = points
    return f"{x:g} {y:g}" + "".join(f"H{x:g}V{y:g}" for x, y in later)


def _thinned(count: int, most: int) -> list[int]:
    """The first, the last, and of those between every so-many-th, so that they are about `most`."""
    step = math.ceil(count / most)
    kept = [place for place in range(0, count, step) if place == 0 or place <= count - 1 - step / 2]
    return [*kept, count - 1] if kept[-1] != count - 1 else kept
